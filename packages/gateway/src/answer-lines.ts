import type { ServerResponse } from 'node:http';
import { stripLane } from './carriers.ts';
import { isForwarding } from './forwarded.ts';
import { hopByHop } from './hop-by-hop.ts';

/**
 * The header lines of an answer as the client gets them. `Trailer` stays where the answer can have trailers, which it
 * can in chunks only, and a length goes where there can be no body (RFC 9110 §8.6).
 */
export function answerLines(lines: readonly string[], status: number, response: ServerResponse): string[] {
  const endsHere = hopByHop(lines);
  const kept: string[] = [];
  let trailer: string | undefined;
  for (let at = 0; at < lines.length; at += 2) {
    const line = lines[at] as string;
    const value = lines[at + 1] as string;
    const name = line.toLowerCase();
    if (name === 'trailer') trailer = value;
    else if (!endsHere(name, value) && (status !== 204 || name !== 'content-length')) kept.push(line, value);
  }
  if (trailer !== undefined && canHaveTrailers(lines, status, response)) kept.push('Trailer', trailer);
  return kept;
}

function canHaveTrailers(lines: readonly string[], status: number, { req }: ServerResponse): boolean {
  if (req.httpVersion !== '1.1' || req.method === 'HEAD' || status === 204 || status === 304) return false;
  return !lines.some((line, at) => at % 2 === 0 && line.toLowerCase() === 'content-length');
}

/** What may only stand in a head, for it says how the message is read, where it goes, or who sent it: RFC 9110 §6.5.1. */
const HEAD_ONLY = new Set([
  'authorization',
  'baggage',
  'cache-control',
  'cookie',
  'host',
  'max-forwards',
  'set-cookie',
  'te',
  'trailer',
]);

/** Those of a message's trailer lines that may go on. */
export function trailerLines(lines: readonly string[]): string[] {
  const endsHere = hopByHop([]);
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const [line, value] = [lines[at] as string, lines[at + 1] as string];
    const name = line.toLowerCase();
    if (endsHere(name, value) || HEAD_ONLY.has(name) || name.startsWith('content-') || isForwarding(name)) continue;
    if (stripLane(name, value) === value) kept.push(line, value);
  }
  return kept;
}

/** Header lines, two by two. */
export function pairsOf(lines: readonly string[]): [string, string][] {
  return lines.flatMap((line, at) => (at % 2 === 0 ? [[line, lines[at + 1] as string] as [string, string]] : []));
}
