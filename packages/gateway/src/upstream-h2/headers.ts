import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { UpstreamRequest } from '../upstream.ts';

/** Headers that HTTP/2 does not have, or has in another form: RFC 9113 §8.2.2, §8.3.1. */
const NOT_IN_HTTP2 = new Set(['host', 'connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** A request's head in HTTP/2. */
export function headersOf(
  { method, target, lines }: UpstreamRequest,
  scheme: string,
  authority: string,
): OutgoingHttpHeaders {
  const host = lines.findIndex((line, at) => at % 2 === 0 && line.toLowerCase() === 'host');
  const headers: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': scheme,
    ':authority': host === -1 ? authority : (lines[host + 1] as string),
    ':path': target,
  };
  return Object.assign(headers, fieldsOf(lines));
}

/** Header or trailer lines as an object, lines of the same name in their order. */
export function fieldsOf(lines: readonly string[]): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = {};
  for (let at = 0; at < lines.length; at += 2) {
    const name = (lines[at] as string).toLowerCase();
    const value = lines[at + 1] as string;
    if (NOT_IN_HTTP2.has(name)) continue;
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** The lines of what came without its pseudo-headers. */
export function linesOf(raw: readonly string[]): string[] {
  return raw.filter((_, at) => !(raw[at - (at % 2)] as string).startsWith(':'));
}

export function statusOf({ ':status': status }: IncomingHttpHeaders): number {
  return Number(status);
}
