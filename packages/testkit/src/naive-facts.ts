import { type Policy, type RequestFacts, readAgent } from '@graylane/core';

/**
 * A fact's value as bytes, read as `spec/decide.md` says; undefined when the request does not have it. Slow and plain on
 * purpose: nothing is kept from one fact to the next, and nothing is taken from core but the tables for `user-agent`,
 * which are part of the specification.
 */
export function naiveFact(name: string, policy: Policy, request: RequestFacts): Buffer | undefined {
  const dot = name.indexOf('.');
  const source = dot === -1 ? name : name.slice(0, dot);
  const key = name.slice(dot + 1);
  switch (source) {
    case 'header':
      return header(request, key);
    case 'cookie':
      return cookie(request, key);
    case 'query':
      return query(request, key);
    case 'token':
      return claim(request.token, key);
    case 'attribute':
      return (policy.attributes[key] ?? [])
        .map((fact) => naiveFact(fact, policy, request))
        .find((value) => value !== undefined && value.length > 0);
    case 'agent':
      return agent(request, key);
    case 'geo':
      return Object.hasOwn(request.geo, key) ? Buffer.from(request.geo[key] as string, 'utf8') : undefined;
    case 'method':
      return fromWire(request.method);
    case 'path':
      return fromWire(request.path);
    case 'host':
      return host(request.host);
    case 'ip':
      return request.ip === '' ? undefined : fromWire(request.ip);
    case 'time':
      return Buffer.from(new Date(request.time).toISOString());
    default:
      throw new Error(`the specification knows no fact "${name}"`);
  }
}

/** Bytes with `A` to `Z` in lower case. */
export function foldBytes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)));
}

/** What came over the wire: a character a byte, as Node.js gives it. */
function fromWire(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The values of all lines with a name. */
function lines({ headers }: RequestFacts, name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}

function header(request: RequestFacts, name: string): Buffer | undefined {
  const values = lines(request, name);
  return values.length === 0 ? undefined : fromWire(values.join(','));
}

function cookie(request: RequestFacts, name: string): Buffer | undefined {
  for (const part of lines(request, 'cookie').flatMap((line) => line.split(';'))) {
    const [before, ...after] = part.split('=');
    if (after.length > 0 && withoutSpaces(before as string) === name) return fromWire(withoutSpaces(after.join('=')));
  }
  return undefined;
}

function withoutSpaces(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function query(request: RequestFacts, name: string): Buffer | undefined {
  if (request.query === '') return undefined;
  const parts = request.query.split('&').map((part) => part.split('='));
  const found = parts.find(([before]) => decoded(before as string).equals(Buffer.from(name, 'utf8')));
  return found && decoded(found.slice(1).join('='));
}

function decoded(text: string): Buffer {
  const parts = text.match(/%[0-9A-Fa-f]{2}|./gs) ?? [];
  const byteOf = (part: string): number => (part.length === 3 ? Number(`0x${part.slice(1)}`) : part.charCodeAt(0));
  return Buffer.from(parts.map((part) => (part === '+' ? 0x20 : byteOf(part))));
}

function claim(claims: Readonly<Record<string, unknown>>, path: string): Buffer | undefined {
  const own = Object.entries(claims).find(([name]) => name === path);
  const value = own ? own[1] : path.split('.').reduce<unknown>(member, claims);
  if (Array.isArray(value)) return Buffer.from(value.flatMap((item) => scalar(item) ?? []).join(','));
  const text = scalar(value);
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}

function agent(request: RequestFacts, part: string): Buffer | undefined {
  const value = header(request, 'user-agent');
  const text = value && readAgent(value.toString('latin1'), part as Parameters<typeof readAgent>[1]);
  return text === undefined ? undefined : fromWire(text);
}

/** The authority without its port and without a dot at the end; the colons of an IPv6 literal stand within brackets. */
function host(authority: string): Buffer | undefined {
  const end = authority.startsWith('[') ? authority.indexOf(']') + 1 : [...authority, ':'].indexOf(':');
  const name = authority.slice(0, end);
  const undotted = name.endsWith('.') ? name.slice(0, -1) : name;
  return undotted === '' ? undefined : foldBytes(fromWire(undotted));
}
