import type { Value } from '@graylane/core';
import { LISTENER_LIMITS, type ListenerLimits, type ListenOptions } from '../inbound/listener.ts';
import { type ListenAddress, readAddress } from './address.ts';
import { readNetworks } from './networks.ts';
import { readGiven } from './numbers.ts';
import { readTLS } from './tls.ts';

const FIELDS = ['address', 'tls', 'http2', 'proxyProtocol', 'limits', 'reusePort'] as const;
const LIMITS = Object.keys(LISTENER_LIMITS) as (keyof ListenerLimits)[];

/** Reads where the gateway listens and how it speaks there. No two listen at the same address, nor at one of `taken`. */
export function readListeners(
  value: Value,
  taken: readonly ListenAddress[] = [],
): readonly ListenOptions[] | undefined {
  const seen = new Set(taken.map(textOf));
  return value.list(1)?.flatMap((item) => {
    const listener = readListener(item);
    if (!listener) return [];
    const text = textOf(listener);
    if (listener.port !== 0 && seen.has(text)) item.at('address').fail('is that of another listener: name another');
    seen.add(text);
    return [listener];
  });
}

function readListener(value: Value): (ListenOptions & ListenAddress) | undefined {
  const fields = value.fields(FIELDS);
  if (!fields) return undefined;
  const address = readAddress(value.at('address'));
  const tls = fields.tls && readTLS(fields.tls);
  const http2 = fields.http2?.boolean();
  const proxyProtocol = fields.proxyProtocol && readProxyProtocol(fields.proxyProtocol);
  const limits = fields.limits && readGiven<ListenerLimits>(fields.limits, LIMITS);
  const reusePort = fields.reusePort?.boolean();
  return (
    address && {
      ...address,
      ...(tls && { tls }),
      ...(http2 !== undefined && { http2 }),
      ...(proxyProtocol && { proxyProtocol }),
      ...(limits && { limits }),
      ...(reusePort && { reusePort }),
    }
  );
}

function readProxyProtocol(value: Value): ListenOptions['proxyProtocol'] {
  return value.fields(['from']) && { from: readNetworks(value.at('from'), 1) };
}

function textOf({ host, port }: ListenAddress): string {
  return `${host.toLowerCase()} ${port}`;
}
