import type { Socket } from 'node:net';
import type { Endpoint } from './proxy-protocol.ts';

/** The two ends of a connection. */
export interface Ends {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/**
 * Has a socket say that it connects these ends, which a trusted proxy in between has told: from here on, everything that
 * asks it for an address gets the client's and not the proxy's.
 */
export function setEnds(socket: Socket, { source, destination }: Ends): void {
  const family = source.address.includes(':') ? 'IPv6' : 'IPv4';
  for (const [name, value] of Object.entries({
    remoteAddress: source.address,
    remotePort: source.port,
    remoteFamily: family,
    localAddress: destination.address,
    localPort: destination.port,
  }))
    Object.defineProperty(socket, name, { value, configurable: true });
}
