import { inNetwork, type Network, parseIP } from '@graylane/core';

/** Where a request came from, as far as that is believed. */
export interface Forwarded {
  /** Whether the sender is one of our proxies, so that its forwarding headers are true. */
  readonly believed: boolean;
  /** The client's address. */
  readonly ip: string;
  /** What `X-Forwarded-For` says to the instance. */
  readonly chain: string;
}

/** Whether a header (its name in lower case) says where a request came from. */
export function isForwarding(name: string): boolean {
  return name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip';
}

/**
 * Finds the client behind our proxies: from the sender of the request on, each proxy is believed in whom it got the
 * request from, right to left in `X-Forwarded-For`. What stands before that, anybody may have made up.
 */
export function readForwarded(peer: string, header: string, proxies: readonly Network[]): Forwarded {
  const believed = isWithin(peer, proxies);
  const hops = believed ? splitHops(header) : [];
  let ip = plain(peer);
  for (const hop of hops.toReversed()) {
    if (!parseIP(hop)) break;
    ip = plain(hop);
    if (!isWithin(hop, proxies)) break;
  }
  return { believed, ip, chain: [...hops, plain(peer)].join(', ') };
}

/** Whether an address is in one of some networks; what is no address is not. */
export function isWithin(address: string, networks: readonly Network[]): boolean {
  if (networks.length === 0) return false;
  const bytes = parseIP(address);
  return bytes !== undefined && networks.some((network) => inNetwork(bytes, network));
}

function splitHops(header: string): string[] {
  return header
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
}

/** An address without the IPv6 mapping that a dual-stack socket shows for IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
