import { METHODS as HTTP_METHODS, type IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What a request asks for, whichever form its target has. */
export interface RequestHead {
  readonly method: string;
  /** `1.1`, as `Via` has it. */
  readonly httpVersion: string;
  /** How the client came. */
  readonly scheme: 'http' | 'https';
  /** The host that is meant, with its port if it has one; empty when an HTTP/1.0 client did not say. */
  readonly authority: string;
  /** The path as sent, `*` for `OPTIONS *`. */
  readonly path: string;
  /** The query as sent, without `?`. */
  readonly query: string;
  /** Path and query, as an instance gets them. */
  readonly target: string;
}

/** A host and a port: RFC 3986 §3.2.2 without user information, which no request may have (RFC 9110 §4.2.4). */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~%!$&'()*+,;=-]+)(?::\d{0,5})?$/;

const METHODS: ReadonlySet<string> = new Set(HTTP_METHODS);

const ABSOLUTE = /^https?:\/\/([^/?]+)(.*)$/i;

/**
 * Reads the head of a request, stricter than the parser: what two servers could understand in two ways goes no further. A
 * text instead of a head says what is wrong. Source: RFC 9112 §3.2 and §6.
 */
export function readHead(request: IncomingMessage): RequestHead | string {
  const { method = 'GET', url = '/', httpVersion } = request;
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion !== '1.1'))
    return 'the only transfer coding is chunked, in HTTP/1.1';
  if (!METHODS.has(method)) return 'the method is none of HTTP';
  if (countHosts(request.rawHeaders) > 1) return 'there is more than one Host';
  const { host, expect } = request.headers;
  if (host === undefined && httpVersion === '1.1') return 'there is no Host';
  if (host !== undefined && (host === '' || !AUTHORITY.test(host))) return 'the host is none';
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return 'nothing but 100-continue can be expected';
  if (url.includes('#')) return 'the request target has a fragment';
  const [, named = host ?? '', target = url] = ABSOLUTE.exec(url) ?? [];
  if (named !== '' && !AUTHORITY.test(named)) return 'the host is none';
  const scheme = (request.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http';
  if (target === '*' && method !== 'OPTIONS') return 'only OPTIONS can be for the whole server';
  const place = locate(named, target.startsWith('?') || target === '' ? `/${target}` : target);
  return typeof place === 'string' ? place : { method, httpVersion, scheme, ...place };
}

type Place = Omit<RequestHead, 'method' | 'httpVersion' | 'scheme'>;

function locate(authority: string, target: string): Place | string {
  if (!target.startsWith('/') && target !== '*') return 'the request target is neither a path nor an http URL';
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return { authority, path, query: mark === -1 ? '' : target.slice(mark + 1), target };
}

/** Node shows the first of several Hosts, and another server may take the last. */
function countHosts(lines: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < lines.length; at += 2) {
    if ((lines[at] as string).length === 4 && (lines[at] as string).toLowerCase() === 'host') count++;
  }
  return count;
}
