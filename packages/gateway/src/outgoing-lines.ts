import { LANE_HEADER, type Lane, STABLE, writeLane } from '@graylane/core';
import type { RequestHead } from './head.ts';
import type { Cleansed } from './trust.ts';
import type { Via } from './via.ts';

/**
 * The header lines that the instance gets: which lane it is in and where it came from, then the client's. Ours go first,
 * for some servers (Node among them) leave out what comes after the thousandth; only `Via` goes behind those before us.
 */
export function outgoingLines(head: RequestHead, cleansed: Cleansed, lane: Lane, via: Via): readonly string[] {
  const { authority } = head;
  const lines = [...hostLine(authority)];
  const baggage = writeLane(cleansed.baggage, lane);
  if (baggage !== undefined) lines.push('baggage', baggage);
  if (lane !== STABLE) lines.push(LANE_HEADER, lane);
  lines.push('x-forwarded-for', cleansed.forwardedFor);
  if (authority !== '' && !hasLine(cleansed.lines, 'x-forwarded-host')) lines.push('x-forwarded-host', authority);
  if (!hasLine(cleansed.lines, 'x-forwarded-proto')) lines.push('x-forwarded-proto', head.scheme);
  for (let at = 0; at < cleansed.lines.length; at++) lines.push(cleansed.lines[at] as string);
  lines.push('via', via.valueFor(head.httpVersion));
  return lines;
}

/** The line that names the host; none for an HTTP/1.0 client that did not say it. */
export function hostLine(authority: string): readonly string[] {
  return authority === '' ? [] : ['Host', authority];
}

/** Whether a line has this name, which is in lower case. */
function hasLine(lines: readonly string[], name: string): boolean {
  for (let at = 0; at < lines.length; at += 2) {
    const line = lines[at] as string;
    if (line.length === name.length && line.toLowerCase() === name) return true;
  }
  return false;
}
