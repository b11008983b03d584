import type { Gateway, ListenerStatus } from '../gateway.ts';

/** How a gateway is, as a plain object with errors as texts. */
export function describeStatus(gateway: Gateway): object {
  const { ready, draining, connections, requests, listeners, registry, policy } = gateway.status();
  const { version, services } = gateway.snapshot();
  const { refused, ...rest } = policy;
  const instances = [...services.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    ready,
    draining,
    connections,
    requests,
    listeners: listeners.map(describeListener),
    registry: { ...withErrorText(registry), snapshot: version, services: services.size, instances },
    policy: { ...withErrorText(rest), ...(refused && { refused: refused.message }) },
  };
}

function describeListener({ address, tlsError, certificates }: ListenerStatus): object {
  const all = certificates.map(({ name, expires }) => ({ name, expires: new Date(expires).toISOString() }));
  return {
    address,
    ...(all.length > 0 && { certificates: all }),
    ...(tlsError && { tlsError: tlsError.message }),
  };
}

function withErrorText<Status extends { error?: Error }>({ error, ...rest }: Status) {
  return { ...rest, ...(error && { error: error.message }) };
}
