import { LANE_HEADER } from '@graylane/core';
import type { Dispatcher } from 'undici';
import type { OutgoingHeaders } from './outgoing.ts';

type Options = Dispatcher.DispatchOptions;

/** Our headers among those of a request, in any of the forms that undici takes. */
export function findHeaders(headers: Options['headers']): OutgoingHeaders {
  let baggage: string | undefined;
  let copy: string | undefined;
  for (const [name, value] of linesOf(headers)) {
    const key = name.length === 7 || name.length === 10 ? name.toLowerCase() : '';
    if (key === 'baggage') baggage = baggage === undefined ? value : `${baggage},${value}`;
    else if (key === LANE_HEADER) copy = value;
  }
  return { baggage, [LANE_HEADER]: copy };
}

/** The options with our headers as they must be; the same options when nothing changes. */
export function withHeaders(opts: Options, before: OutgoingHeaders, after: OutgoingHeaders): Options {
  if (before.baggage === after.baggage && before[LANE_HEADER] === after[LANE_HEADER]) return opts;
  const headers: string[] = [];
  for (const [name, value] of linesOf(opts.headers)) {
    const key = name.toLowerCase();
    if (key !== 'baggage' && key !== LANE_HEADER) headers.push(name, value);
  }
  for (const name of ['baggage', LANE_HEADER] as const) {
    if (after[name] !== undefined) headers.push(name, after[name]);
  }
  return { ...opts, headers };
}

/** Header lines of a flat list, of pairs, or of an object. */
function* linesOf(headers: Options['headers']): Generator<readonly [name: string, value: string]> {
  if (headers === null || headers === undefined) return;
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    for (let at = 0; at + 1 < headers.length; at += 2) yield [String(headers[at]), String(headers[at + 1])];
    return;
  }
  const pairs = Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) yield [name, each === null ? '' : String(each)];
  }
}
