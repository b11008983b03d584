import { randomBytes } from 'node:crypto';
import { type RequestFacts, readFact } from '@graylane/core';
import { formatCookie, withCookie, withoutCookies } from './cookies.ts';

/** The cookie by which visitors are known who have no other id. A policy asks for it by reading `cookie.graylane-id`. */
export const ANONYMOUS_COOKIE = 'graylane-id';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** 128 bits in base64url: the last of 22 characters holds only two of them. */
const FORM = /^[\w-]{21}[AQgw]$/;

/** An id that was just given. */
export interface IssuedID {
  /** The request's header lines with the id, as if the client had sent it: the first request is decided by it already. */
  readonly lines: readonly string[];
  /** The `Set-Cookie` value. Caches must not keep an answer that has one, and those in use do not. */
  readonly setCookie: string;
}

/**
 * Gives a visitor an id; undefined when the request has one. What is not in the form of an id counts as none and is
 * replaced, so that nobody brings a key of his own making that is longer than ours.
 *
 * @param lines the header lines that are to go on, of which `facts` are made
 * @param random 16 random bytes
 */
export function issueAnonymousID(
  facts: RequestFacts,
  lines: readonly string[],
  secure: boolean,
  random: () => Buffer = () => randomBytes(16),
): IssuedID | undefined {
  const known = readFact({ source: 'cookie', name: ANONYMOUS_COOKIE }, facts);
  if (known !== undefined && FORM.test(known)) return undefined;
  const id = random().toString('base64url');
  return {
    lines: withCookie(withoutCookies(lines, [ANONYMOUS_COOKIE]), ANONYMOUS_COOKIE, id),
    setCookie: formatCookie(ANONYMOUS_COOKIE, id, YEAR_SECONDS, secure),
  };
}
