import { type AgentParts, readAgent } from './agent.ts';
import { type ByteText, foldCase, toBytes } from './bytes.ts';
import type { Fact } from './fact-name.ts';
import { cookieIn, queryIn } from './pairs.ts';

/**
 * What conditions may look at: one request as an entry saw it, as plain data. Nothing here is decoded or merged; how a
 * fact is read from it is written at {@link readFact}.
 */
export interface RequestFacts {
  /** As sent: `GET`. */
  readonly method: string;
  /** The authority, with its port if it has one; read without port and in lower case. */
  readonly host: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** The query as sent, without `?`. */
  readonly query: string;
  /** Header lines as sent, `[name, value, name, value …]`, in order, with repetitions: Node's `rawHeaders`. */
  readonly headers: readonly string[];
  /** The address of the client, `203.0.113.9` or `2001:db8::1`; empty when unknown. */
  readonly ip: string;
  /** Claims of a verified token; empty when there is none. */
  readonly token: Readonly<Record<string, unknown>>;
  /** What is known of the place: `country` (ISO 3166), `region`, `city`. */
  readonly geo: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Facts of a request of which only some are known; for tests, `explain` and examples. */
export function requestFacts(known: Partial<RequestFacts> = {}): RequestFacts {
  return { method: 'GET', host: '', path: '/', query: '', headers: [], ip: '', token: {}, geo: {}, time: 0, ...known };
}

/** A fact's value for a request, or undefined when the request does not have it. */
export type FactReader = (request: RequestFacts) => ByteText | undefined;

/** Named facts, each the first present one of a list. */
export type Attributes = ReadonlyMap<string, readonly FactReader[]>;

/** The reader of a fact. `attributes` resolves `attribute.NAME`; a name that it lacks reads as missing. */
export function factReader(fact: Fact, attributes: Attributes): FactReader {
  switch (fact.source) {
    case 'attribute': {
      const readers = attributes.get(fact.name) ?? [];
      return (request) => firstPresent(readers, request);
    }
    case 'query': {
      const name = toBytes(fact.name);
      return (request) => queryIn(request.query, name);
    }
    case 'header': {
      const { name } = fact;
      const usual = name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
      return (request) => headerValue(request.headers, name, usual);
    }
    default:
      return (request) => readFact(fact, request);
  }
}

/**
 * Reads a fact straight from a request.
 *
 * - header: repeated lines joined with `,`, as every executor can;
 * - cookie: case-sensitive, the first of its name, neither unquoted nor decoded;
 * - query: case-sensitive, the first of its name, `%XX` and `+` decoded, a broken `%` kept as it is;
 * - token: a claim by its path (`sub`, `org.plan`), lists joined with `,`, objects missing;
 * - host: in lower case, without the port; path: as sent.
 */
export function readFact(fact: Exclude<Fact, { source: 'attribute' }>, request: RequestFacts): ByteText | undefined {
  switch (fact.source) {
    case 'header':
      return headerValue(request.headers, fact.name);
    case 'cookie':
      return cookieValue(request.headers, fact.name);
    case 'query':
      return queryIn(request.query, toBytes(fact.name));
    case 'token':
      return claimValue(request.token, fact.name);
    case 'geo':
      return optionalBytes(Object.hasOwn(request.geo, fact.name) ? request.geo[fact.name] : undefined);
    case 'agent':
      return agentValue(request.headers, fact.name);
    case 'method':
      return request.method;
    case 'host':
      return hostName(request.host) || undefined;
    case 'path':
      return request.path;
    case 'ip':
      return request.ip === '' ? undefined : request.ip;
    case 'time':
      return new Date(request.time).toISOString();
  }
}

/**
 * A header's value from raw lines: repeated lines joined with `,`.
 *
 * @param name in lower case
 * @param usual as most clients write it, `X-User-Id`: found sooner. Default: as `name`
 */
export function headerValue(lines: readonly string[], name: string, usual: string = name): ByteText | undefined {
  const { length } = name;
  let value: string | undefined;
  for (let at = 1; at < lines.length; at += 2) {
    const line = lines[at - 1] as string;
    if (line.length !== length || (line !== usual && !sameName(line, name))) continue;
    const next = lines[at] as string;
    value = value === undefined ? next : `${value},${next}`;
  }
  return value;
}

/** Whether a header line's name is `name`, which is in lower case. Compares in place: most lines are not the one. */
function sameName(line: string, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = line.charCodeAt(at);
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (lower !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** A host without its port and the dot that may end it, in lower case; brackets of an IPv6 literal stay. */
export function hostName(authority: string): string {
  const end = /\.?(?::\d*)?$/.exec(authority);
  return foldCase(end ? authority.slice(0, end.index) : authority);
}

function firstPresent(readers: readonly FactReader[], request: RequestFacts): ByteText | undefined {
  for (const read of readers) {
    const value = read(request);
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

function cookieValue(headers: readonly string[], name: string): ByteText | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const line = headers[at] as string;
    if (line.length !== 6 || !sameName(line, 'cookie')) continue;
    const value = cookieIn(headers[at + 1] as string, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function claimValue(claims: Readonly<Record<string, unknown>>, path: string): ByteText | undefined {
  let value: unknown = claims;
  for (const part of Object.hasOwn(claims, path) ? [path] : path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    if (Array.isArray(value) && part === 'length') return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return optionalBytes(
    Array.isArray(value) ? value.filter(isScalar).join(',') : isScalar(value) ? `${value}` : undefined,
  );
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function agentValue(headers: readonly string[], part: keyof AgentParts): ByteText | undefined {
  const userAgent = headerValue(headers, 'user-agent');
  return userAgent === undefined ? undefined : readAgent(userAgent, part);
}

function optionalBytes(text: string | undefined): ByteText | undefined {
  return text === undefined ? undefined : toBytes(text);
}
