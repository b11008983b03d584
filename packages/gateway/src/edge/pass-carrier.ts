import { headerValue, type RequestFacts, readFact, requestFacts } from '@graylane/core';
import { withoutCookies } from './cookies.ts';

/** The header in which a pass comes. */
export const PASS_HEADER = 'x-graylane-pass';

/** The cookie and the query parameter in which a pass comes. */
export const PASS_NAME = 'graylane-pass';

/** A pass as a request brings it, not looked at yet. */
export interface CarriedPass {
  readonly in: 'link' | 'header' | 'cookie';
  readonly text: string;
}

/**
 * The pass that a request brings: of a link before that of a header before that of a cookie, for whoever follows a new link
 * means that one.
 */
export function readPass(facts: RequestFacts): CarriedPass | undefined {
  const link = readFact({ source: 'query', name: PASS_NAME }, facts);
  if (link !== undefined) return { in: 'link', text: link };
  const header = headerValue(facts.headers, PASS_HEADER);
  if (header !== undefined) return { in: 'header', text: header };
  const cookie = readFact({ source: 'cookie', name: PASS_NAME }, facts);
  return cookie === undefined ? undefined : { in: 'cookie', text: cookie };
}

/**
 * Header lines without any pass, valid or not: it is a secret, and no instance has to know it. That of a link is taken out
 * of `Referer` too. The same lines when there is none.
 */
export function withoutPass(lines: readonly string[]): readonly string[] {
  const cleared = withoutCookies(lines, [PASS_NAME]);
  if (!cleared.some((line, at) => at % 2 === 0 && isConcerned(line))) return cleared;
  const kept: string[] = [];
  for (let at = 0; at + 1 < cleared.length; at += 2) {
    const line = cleared[at] as string;
    const value = cleared[at + 1] as string;
    const name = line.toLowerCase();
    if (name !== PASS_HEADER) kept.push(line, name === 'referer' ? withoutPassInTarget(value) : value);
  }
  return kept;
}

/** A query (without `?`) without the parameter that holds a pass; the others stay as they are and in order. */
export function withoutPassParameter(query: string): string {
  if (!query.includes(PASS_NAME) && !query.includes('%')) return query;
  return query
    .split('&')
    .filter((part) => !isPassParameter(part))
    .join('&');
}

/** A path or URL with its query, without a pass: as an instance, and a log, may see it. */
export function withoutPassInTarget(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const before = target.slice(mark + 1);
  const query = withoutPassParameter(before);
  if (query === before) return target;
  return query === '' ? target.slice(0, mark) : `${target.slice(0, mark)}?${query}`;
}

function isConcerned(line: string): boolean {
  return (line.length === PASS_HEADER.length || line.length === 7) && /^(?:x-graylane-pass|referer)$/i.test(line);
}

function isPassParameter(part: string): boolean {
  return readFact({ source: 'query', name: PASS_NAME }, requestFacts({ query: part })) !== undefined;
}
