import type { AddressInfo } from 'node:net';
import { authorityOf } from '@graylane/core';
import type { GatewayConfig, ListenerOptions, ListenOptions } from '@graylane/gateway';

/**
 * Where a gateway listens and what is spoken there, a line each: `https://0.0.0.0:8443  HTTP/2, HTTP/1.1`.
 *
 * @param addresses as {@link Gateway.addresses} has them
 */
export function describeListening(config: GatewayConfig, addresses: readonly AddressInfo[]): readonly string[] {
  const listeners = listenersOf(config);
  return inColumns(
    addresses.map(({ address: host, port }, index) => {
      const listener = listeners[index] ?? {};
      return [`${listener.tls ? 'https' : 'http'}://${authorityOf({ host, port })}`, speaks(listener)];
    }),
  );
}

/** Where a gateway would listen and what would be spoken there, a line each: `0.0.0.0:8443  TLS, HTTP/2, HTTP/1.1`. */
export function describeListeners({ listen, listeners = [] }: GatewayConfig): readonly string[] {
  const all: readonly ListenOptions[] = listen ? [listen, ...listeners] : listeners;
  return inColumns(
    all.map((each) => {
      const { host = '127.0.0.1', port, tls, reusePort } = each;
      const words = [...(tls ? ['TLS'] : []), speaks(each), ...(reusePort ? ['with others'] : [])];
      return [authorityOf({ host, port }), words.join(', ')];
    }),
  );
}

/** In the order of their addresses: that of `listen` is as plain as it can be. */
function listenersOf({ listen, listeners = [] }: GatewayConfig): readonly ListenerOptions[] {
  return listen ? [{}, ...listeners] : listeners;
}

function speaks({ tls, http2 = tls !== undefined, proxyProtocol }: ListenerOptions): string {
  const wanted = tls?.clientCA !== undefined && !tls.clientOptional;
  return [
    ...(http2 ? ['HTTP/2'] : []),
    'HTTP/1.1',
    ...(proxyProtocol ? ['PROXY protocol'] : []),
    ...(wanted ? ['client certificates'] : []),
  ].join(', ');
}

function inColumns(rows: readonly (readonly [address: string, words: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([address]) => address.length));
  return rows.map(([address, words]) => `${address.padEnd(width)}  ${words}`);
}
