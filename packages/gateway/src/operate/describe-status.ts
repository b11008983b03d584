import type { Gateway } from '../gateway.ts';

/** How a gateway is, as a plain object with errors as texts. */
export function describeStatus(gateway: Gateway): object {
  const { ready, draining, connections, requests, registry, policy } = gateway.status();
  const { version, services } = gateway.snapshot();
  const { refused, ...rest } = policy;
  const instances = [...services.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    ready,
    draining,
    connections,
    requests,
    registry: { ...withErrorText(registry), snapshot: version, services: services.size, instances },
    policy: { ...withErrorText(rest), ...(refused && { refused: refused.message }) },
  };
}

function withErrorText<Status extends { error?: Error }>({ error, ...rest }: Status) {
  return { ...rest, ...(error && { error: error.message }) };
}
