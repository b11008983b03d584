import {
  type Decision,
  issueCollector,
  type Lane,
  type Policy,
  parseLane,
  type RequestFacts,
  readFact,
  STABLE,
  Value,
} from '@graylane/core';
import { formatCookie } from './cookies.ts';
import { openText, signText } from './signed-text.ts';
import type { SigningKey, SigningKeys } from './signing-key.ts';

/** How users are kept in the lane that a split gave them. */
export interface PinOptions {
  /** The cookie's name. */
  readonly cookie: string;
  /** How long a user stays; then the split decides again. */
  readonly maxAgeSeconds: number;
}

/** The lane that a split gave a user. */
export interface Pin {
  readonly rule: string;
  readonly lane: Lane;
  /** Seconds since the epoch. */
  readonly expires: number;
}

const KIND = 'gls1';

/** The pin that a request brings, if it is one of ours that has not expired: no client chooses its lane by writing a cookie. */
export function readPin(facts: RequestFacts, cookie: string, keys: SigningKeys): Pin | undefined {
  const text = readFact({ source: 'cookie', name: cookie }, facts);
  const opened = text === undefined ? 'malformed' : openText(KIND, text, keys);
  if (typeof opened === 'string') return undefined;
  const { issues, report } = issueCollector();
  const value = new Value(opened.payload, [], report);
  const lane = parseLane(value.at('lane').text());
  const rule = value.at('rule').text();
  const expires = value.at('expires').number();
  if (issues.length > 0 || lane === undefined || rule === undefined || expires === undefined) return undefined;
  return expires * 1_000 > facts.time ? { rule, lane, expires } : undefined;
}

/**
 * The lane that a pin keeps a user in; undefined when the decision stands. A pin only holds within the split that gave it:
 * rules before it go first, and it ends when the rule is gone, or the lane is, is disabled, or has no share any more. So
 * who takes a lane's share back to 0 gets everybody out of it.
 */
export function pinnedLane(pin: Pin | undefined, decision: Decision, policy: Policy): Lane | undefined {
  if (!pin || (decision.by !== 'split' && decision.by !== 'no-key') || decision.rule !== pin.rule) return undefined;
  const rule = policy.rules.find(({ name }) => name === pin.rule);
  const share = rule && 'split' in rule && Object.hasOwn(rule.split.lanes, pin.lane) ? rule.split.lanes[pin.lane] : 0;
  return share && isOpen(policy, pin.lane) ? pin.lane : undefined;
}

/**
 * The `Set-Cookie` value that keeps a user in the lane of a decision; undefined when there is nothing to keep: only a split
 * is pinned, and stable never is, or users could not come in when the share grows.
 *
 * @param pin the pin that the request brought
 * @param now milliseconds since the epoch
 */
export function pinCookie(
  decision: Decision,
  pin: Pin | undefined,
  { cookie, maxAgeSeconds }: PinOptions,
  key: SigningKey,
  { now, secure }: { readonly now: number; readonly secure: boolean },
): string | undefined {
  if (decision.by !== 'split' || decision.lane === STABLE) return undefined;
  const { rule, lane } = decision;
  if (pin?.rule === rule && pin.lane === lane) return undefined;
  const expires = Math.floor(now / 1_000) + maxAgeSeconds;
  return formatCookie(cookie, signText(KIND, { rule, lane, expires }, key), maxAgeSeconds, secure);
}

function isOpen(policy: Policy, lane: Lane): boolean {
  return lane === STABLE || (Object.hasOwn(policy.lanes, lane) && policy.lanes[lane]?.enabled !== false);
}
