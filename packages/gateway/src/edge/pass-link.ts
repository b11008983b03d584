import type { ServerResponse } from 'node:http';
import { formatCookie } from './cookies.ts';
import type { VerifiedPass } from './pass.ts';
import { PASS_NAME, withoutPassInTarget } from './pass-carrier.ts';

/** A link that was followed. */
export interface FollowedLink {
  readonly pass: VerifiedPass;
  /** The pass as it came. */
  readonly text: string;
  /** Path and query, with the pass. */
  readonly target: string;
  /** Whether the client came by https. */
  readonly secure: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The headers of the answer to a link, status 303: the pass becomes a cookie, and the client goes to the same URL without
 * it. Nobody keeps the answer, and the next site does not learn of the link.
 */
export function linkAnswer({ pass, text, target, secure, now }: FollowedLink): Readonly<Record<string, string>> {
  const maxAge = Math.max(1, Math.floor(pass.expires - now / 1_000));
  return {
    location: hereOnly(withoutPassInTarget(target)),
    'set-cookie': formatCookie(PASS_NAME, text, maxAge, secure),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-length': '0',
  };
}

/** Answers a link. */
export function answerLink(response: ServerResponse, link: FollowedLink): void {
  response.writeHead(303, linkAnswer(link));
  response.end();
}

/**
 * A path that no browser takes for another host's: it takes `//example.com` and `/\example.com` for a URL without scheme
 * (WHATWG URL, "relative slash state"), and leaves out tabs and line ends before it looks.
 */
function hereOnly(target: string): string {
  const visible = target.replace(
    /[^\x21-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return /^\/[/\\]/.test(visible) ? `/.${visible}` : visible;
}
