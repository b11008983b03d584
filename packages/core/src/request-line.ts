import { toBytes } from './bytes.ts';
import { GraylaneError, type Issue } from './errors.ts';
import { type RequestFacts, requestFacts } from './facts.ts';
import { parseIP } from './ip.ts';
import { type Lane, parseLane } from './lane.ts';
import { parseTime } from './operators.ts';
import { issueCollector, Value } from './shape.ts';

/** A request as `spec/requests.md` writes it. */
export interface RequestLine {
  /** What it was called; undefined when it was not. */
  readonly id: unknown;
  readonly request: RequestFacts;
  /** The lane that it had, to compare with. */
  readonly lane: Lane | undefined;
}

const FIELDS = [
  'id',
  'method',
  'host',
  'path',
  'query',
  'url',
  'headers',
  'ip',
  'token',
  'geo',
  'time',
  'lane',
] as const;
const GEO = ['country', 'region', 'city'] as const;
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/;

/**
 * Reads a request, or reports all that is wrong with it and returns undefined. Texts become their UTF-8 bytes.
 *
 * @param now the time of a request that has none, in milliseconds since the epoch
 */
export function readRequest(value: Value, now: number): RequestLine | undefined {
  const fields = value.isShallow() ? value.fields(FIELDS) : undefined;
  if (!fields) return undefined;
  const place = fields.url ? readUrl(fields.url, value) : readPlace(fields);
  const method = fields.method ? readMethod(fields.method) : 'GET';
  const headers = fields.headers ? readHeaders(fields.headers) : [];
  const ip = fields.ip ? readAddress(fields.ip) : '';
  const token = fields.token ? readToken(fields.token) : {};
  const geo = fields.geo ? readGeo(fields.geo) : {};
  const time = fields.time ? readTime(fields.time) : now;
  const lane = fields.lane && readLane(fields.lane);
  if (!place || method === undefined || !headers || ip === undefined || !token || !geo || time === undefined)
    return undefined;
  const request = requestFacts({ ...place, method, headers, ip, token, geo, time });
  return { id: fields.id?.raw, request, lane };
}

/**
 * Reads one request from a plain object.
 *
 * @param now the time of a request that has none, in milliseconds since the epoch
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake
 */
export function parseRequest(input: unknown, now: number): RequestFacts {
  const { issues, report } = issueCollector();
  const read = readRequest(new Value(input, [], report), now);
  if (read && issues.length === 0) return read.request;
  throw mistakesIn('request', issues);
}

/**
 * Reads lines of JSON, one request each; empty lines do not count.
 *
 * @param toFields turns a line that is written otherwise, as an access log's, into one of these; undefined skips it
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake of every line
 */
export function parseRequestLines(
  text: string,
  now: number,
  toFields: (line: unknown) => unknown = (line) => line,
): readonly RequestLine[] {
  const all: Issue[] = [];
  const requests = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const { issues, report } = issueCollector(() => ({ line: index + 1, column: 1 }));
    const parsed = parseJson(line);
    const fields = parsed && toFields(parsed.value);
    const request = fields === undefined ? undefined : readRequest(new Value(fields, [], report), now);
    if (!parsed) report([], 'is no JSON');
    for (const issue of issues) all.push(issue); // a spread call has an end, a line's mistakes have none
    return request ?? [];
  });
  if (all.length === 0) return requests;
  throw mistakesIn('requests', all);
}

function mistakesIn(what: 'request' | 'requests', issues: readonly Issue[]): GraylaneError {
  const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
  const have = what === 'request' ? 'has' : 'have';
  return new GraylaneError('GL_CONFIG_INVALID', `The ${what} ${have} ${count}:`, { issues });
}

function parseJson(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return undefined;
  }
}

type Place = Pick<RequestFacts, 'host' | 'path' | 'query'>;

function readUrl(url: Value, whole: Value): Place | undefined {
  const beside = ['host', 'path', 'query'].filter((name) => whole.at(name).present);
  if (beside.length > 0) return url.fail(`stands instead of host, path and query: leave ${beside.join(', ')} out`);
  const text = url.text();
  if (text === undefined) return undefined;
  const [, authority, path = '', query = ''] = /^https?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? [];
  if (!authority || !URL.canParse(text)) return url.fail('is no URL: write http://shop.example.com/cart?coupon=x');
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return { host: toBytes(host), path: toBytes(path || '/'), query: toBytes(query) };
}

function readPlace({ host, path, query }: { host?: Value; path?: Value; query?: Value }): Place | undefined {
  const texts = {
    host: host ? host.text({ empty: true }) : '',
    path: path ? path.text() : '/',
    query: query ? query.text({ empty: true }) : '',
  };
  if (texts.host === undefined || texts.path === undefined || texts.query === undefined) return undefined;
  if (/[/?#]/.test(texts.host)) return host?.fail('is more than a host: write a whole URL into url');
  if (texts.path.includes('?')) return path?.fail('has a "?": write what is behind it into query');
  if (!/^[/*]/.test(texts.path)) return path?.fail('must begin with "/"');
  if (texts.query.startsWith('?')) return query?.fail('must be written without "?"');
  return { host: toBytes(texts.host), path: toBytes(texts.path), query: toBytes(texts.query) };
}

function readMethod(value: Value): string | undefined {
  const text = value.text();
  return text === undefined || TOKEN.test(text) ? text : value.fail(`"${text}" is no method: write GET`);
}

function readHeaders(value: Value): readonly string[] | undefined {
  const lines = Array.isArray(value.raw)
    ? value.list()?.map((line) => readHeaderLine(line))
    : value.entries()?.map(([name, text]) => headerLine(name, text, text));
  return lines?.every((line) => line !== undefined) ? lines.flat() : undefined;
}

function readHeaderLine(line: Value): readonly [string, string] | undefined {
  const pair = line.list();
  if (!pair) return undefined;
  if (pair.length !== 2) return line.fail('must be a name and a value, as ["x-user-id", "u7"]');
  const name = line.at(0).text();
  return name === undefined ? undefined : headerLine(name, line.at(0), line.at(1));
}

function headerLine(name: string, atName: Value, value: Value): readonly [string, string] | undefined {
  if (!TOKEN.test(name)) return atName.fail(`"${name}" is no header name`);
  const text = value.text({ empty: true, max: 100_000 });
  if (text === undefined) return undefined;
  if (/[\0\r\n]/.test(text)) return value.fail('has a line break, which no header has');
  return [name, toBytes(text)];
}

function readAddress(value: Value): string | undefined {
  const text = value.text({ empty: true });
  if (text === undefined || text === '' || parseIP(text)) return text;
  return value.fail(`"${text}" is no address: write 203.0.113.9 or 2001:db8::9`);
}

function readToken(value: Value): RequestFacts['token'] | undefined {
  return value.entries() && (value.raw as RequestFacts['token']);
}

function readGeo(value: Value): RequestFacts['geo'] | undefined {
  const fields = value.fields(GEO);
  if (!fields) return undefined;
  const entries = GEO.flatMap((name) => {
    const field = fields[name];
    return field ? [[name, field.text()] as const] : [];
  });
  return entries.every(([, text]) => text !== undefined)
    ? Object.fromEntries(entries as [string, string][])
    : undefined;
}

function readTime(value: Value): number | undefined {
  if (typeof value.raw === 'number') return value.number({ min: -8.64e15, max: 8.64e15, integer: true });
  const text = value.text();
  if (text === undefined) return undefined;
  const time = parseTime(text);
  return Number.isNaN(time)
    ? value.fail(`"${text}" is no time: write 2026-12-24T18:00:00+08:00, or milliseconds`)
    : time;
}

function readLane(value: Value): Lane | undefined {
  const text = value.text();
  return text === undefined ? undefined : (parseLane(text) ?? value.fail(`"${text}" is no lane name`));
}
