import { fromBytes } from './bytes.ts';
import type { RequestFacts } from './facts.ts';

/**
 * A request as `spec/requests.md` writes it, without what is as it would be anyway: for examples that can be fed in again.
 *
 * @param now a time that is not written, being the one that requests without a time have
 */
export function requestForm(request: RequestFacts, now?: number): Readonly<Record<string, unknown>> {
  const { method, ip, token, geo, time } = request;
  return {
    ...(method !== 'GET' && { method }),
    ...placeForm(request),
    ...(request.headers.length > 0 && { headers: headersForm(request.headers) }),
    ...(ip !== '' && { ip }),
    ...(Object.keys(token).length > 0 && { token }),
    ...(Object.keys(geo).length > 0 && { geo }),
    ...(time !== now && { time: timeForm(time) }),
  };
}

/** RFC 3339, whose years have four digits; milliseconds where they do not do. */
function timeForm(time: number): string | number {
  const text = new Date(time).toISOString();
  return /^\d{4}-/.test(text) ? text : time;
}

function placeForm({ host, path, query }: RequestFacts): Readonly<Record<string, unknown>> {
  return {
    ...(host !== '' && { host: fromBytes(host) }),
    ...(path !== '/' && { path: fromBytes(path) }),
    ...(query !== '' && { query: fromBytes(query) }),
  };
}

/** An object, or a list of pairs when a name stands in it twice. */
function headersForm(lines: readonly string[]): unknown {
  const pairs = Array.from({ length: lines.length / 2 }, (_, index) => [
    lines[index * 2] as string,
    fromBytes(lines[index * 2 + 1] as string),
  ]);
  const names = new Set(pairs.map(([name]) => name));
  return names.size === pairs.length ? Object.fromEntries(pairs) : pairs;
}
