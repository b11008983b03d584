import type { IncomingMessage } from 'node:http';
import { LANE_HEADER, type Lane, type Network, parseLane, readLane } from '@graylane/core';
import { stripLane } from './carriers.ts';
import { MIRROR_HEADER } from './edge/mirror.ts';
import { isForwarding, isWithin, readForwarded } from './forwarded.ts';
import { hopByHop } from './hop-by-hop.ts';

/** Whom the gateway believes what. Nobody, unless it is said here. */
export interface Trust {
  /** Clients whose lane is believed: other gateways of ours, the mesh. */
  readonly lanes: readonly Network[];
  /** Proxies whose `X-Forwarded-*` is believed. */
  readonly proxies: readonly Network[];
}

/** A request as the gateway goes on with it: what must not be believed is gone. */
export interface Cleansed {
  /** Header lines without hop-by-hop headers, baggage, any lane, and untrue forwarding headers. `Host` is not among them. */
  readonly lines: readonly string[];
  /** The client's other baggage, as it came. */
  readonly baggage: string | undefined;
  /** The lane that a trusted client sent. */
  readonly lane: Lane | undefined;
  /** Whether a proxy that is trusted sent it, so that what it says of the client is true. */
  readonly believed: boolean;
  /** Whether such a proxy says that the client came by https. */
  readonly secure: boolean;
  /** Whether a gateway that is trusted says that it is a copy, which nobody waits for. */
  readonly isCopy: boolean;
  /** The client's address. */
  readonly ip: string;
  /** What `X-Forwarded-For` says to the instance. */
  readonly forwardedFor: string;
}

/**
 * Takes from a request what its sender may not say, before any rule looks at it: hop-by-hop headers, forwarding headers
 * unless the sender is a trusted proxy, and the lane in every carrier. What a trusted client said of the lane is noted.
 */
export function cleanse({ rawHeaders, headers, socket }: IncomingMessage, trust: Trust): Cleansed {
  const peer = socket.remoteAddress ?? '';
  const { believed, ip, chain } = readForwarded(peer, String(headers['x-forwarded-for'] ?? ''), trust.proxies);
  const endsHere = hopByHop(rawHeaders);
  const lines: string[] = [];
  const baggage: string[] = [];
  const trusted = isWithin(peer, trust.lanes);
  let isCopy = false;
  let copy: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const line = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    const name = line.toLowerCase();
    if (name.includes('_') && isOursToSay(name.replaceAll('_', '-'), value)) continue;
    if (endsHere(name, value) || name === 'host') continue;
    if (isForwarding(name) && (!believed || name === 'x-forwarded-for')) continue;
    if (name === 'baggage') baggage.push(value);
    else if (name === LANE_HEADER) copy = value;
    else if (name === MIRROR_HEADER) isCopy = trusted;
    else {
      const kept = stripLane(name, value);
      // Some servers read a length with zeros in front as octal.
      if (kept !== undefined) lines.push(line, name === 'content-length' ? kept.replace(/^0+(?=\d)/, '') : kept);
    }
  }
  if (isCopy) lines.push(MIRROR_HEADER, '1');
  const joined = baggage.length === 0 ? undefined : baggage.join(',');
  return {
    lines,
    baggage: joined === undefined ? undefined : stripLane('baggage', joined),
    lane: trusted ? (readLane(joined) ?? parseLane(copy)) : undefined,
    believed,
    isCopy,
    secure: believed && headers['x-forwarded-proto'] === 'https',
    ip,
    forwardedFor: chain,
  };
}

const ENDS_HERE = hopByHop([]);

/** Whether a server that takes an underscore for a hyphen, as CGI does, would find something in a header that is not the client's to say. */
function isOursToSay(name: string, value: string): boolean {
  if (
    name === 'host' ||
    name === 'content-length' ||
    name === LANE_HEADER ||
    name === MIRROR_HEADER ||
    isForwarding(name)
  )
    return true;
  return ENDS_HERE(name, value) || stripLane(name, value) !== value;
}
