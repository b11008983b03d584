import type { CompiledPolicy, ErrorCode, RequestFacts } from '@graylane/core';
import type { RequestHead } from '../head.ts';
import type { Cleansed } from '../trust.ts';
import { issueAnonymousID } from './anonymous-id.ts';
import { withoutCookies } from './cookies.ts';
import { asksForID, type EdgeDuties } from './duties.ts';
import { withoutPlaceHeaders } from './geo.ts';
import { type Pin, readPin } from './lane-pin.ts';
import type { VerifiedPass } from './pass.ts';
import { withoutPass, withoutPassInTarget, withoutPassParameter } from './pass-carrier.ts';
import { checkPass } from './pass-check.ts';
import { type FollowedLink, linkAnswer } from './pass-link.ts';
import { type TokenResult, tokenChallenge, tokenRefusal } from './token.ts';

/** A request with all that the gateway has found out about who sent it, and without what is secret between the two. */
export interface Visitor {
  readonly kind: 'visitor';
  readonly head: RequestHead;
  readonly cleansed: Cleansed;
  readonly facts: RequestFacts;
  readonly pass: VerifiedPass | undefined;
  readonly pin: Pin | undefined;
  /** `Set-Cookie` values of the answer. */
  readonly setCookies: readonly string[];
}

/** What is known of who sent a request where the gateway has no duties at the edge. */
export const NOBODY: Pick<Visitor, 'kind' | 'pass' | 'pin' | 'setCookies'> = {
  kind: 'visitor',
  pass: undefined,
  pin: undefined,
  setCookies: [],
};

/** An answer that the gateway gives by itself. */
export type Turned =
  | { readonly kind: 'link'; readonly pass: VerifiedPass; readonly headers: ReturnType<typeof linkAnswer> }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** The facts of a request that is as it should go on. */
export type FactsOf = (head: RequestHead, cleansed: Cleansed) => RequestFacts;

/**
 * Finds out who sent a request: a pass, a place, an id, a token, in this order, so that each sees what those before it
 * found. At once, unless a token's key has to be fetched.
 */
export function meet(
  duties: EdgeDuties,
  policy: CompiledPolicy | undefined,
  head: RequestHead,
  cleansed: Cleansed,
  factsOf: FactsOf,
): Visitor | Turned | Promise<Visitor | Turned> {
  const asSent = factsOf(head, cleansed);
  const secure = head.scheme === 'https' || cleansed.secure;
  const checked = duties.passes && checkPass(asSent, duties.passes);
  if (checked?.kind === 'bad-link') return refused('GL_PASS_INVALID', checked.message);
  if (checked?.kind === 'link') return follow(policy, checked, head, secure, asSent.time);
  const pin = duties.pin && readPin(asSent, duties.pin.cookie, duties.pin.keys);

  const discreet = withoutSecrets(duties, head, cleansed);
  const id = asksForID(policy) ? issueAnonymousID(asSent, discreet.cleansed.lines, secure) : undefined;
  const known = id ? { ...discreet, cleansed: { ...discreet.cleansed, lines: id.lines } } : discreet;
  const placed = placedFacts(duties, cleansed, factsOf(known.head, known.cleansed));
  const pass = checked?.kind === 'held' ? checked.pass : undefined;
  const visitor: Visitor = {
    kind: 'visitor',
    ...known,
    facts: placed,
    pass,
    pin,
    setCookies: id ? [id.setCookie] : [],
  };
  if (!duties.token) return visitor;
  const { required, verify } = duties.token;
  const token = verify(placed);
  return token instanceof Promise
    ? token.then((result) => withToken(visitor, result, required))
    : withToken(visitor, token, required);
}

/** A link leads to a lane that there is. */
function follow(
  policy: CompiledPolicy | undefined,
  link: Pick<FollowedLink, 'pass' | 'text'>,
  { target }: RequestHead,
  secure: boolean,
  now: number,
): Turned {
  const { pass, text } = link;
  if (!policy || !Object.hasOwn(policy.policy.lanes, pass.lane))
    return refused('GL_PASS_INVALID', `the link's pass is for the lane "${pass.lane}", which there is not`);
  return { kind: 'link', pass, headers: linkAnswer({ pass, text, target, secure, now }) };
}

function withoutSecrets(
  { passes, pin, geo }: EdgeDuties,
  head: RequestHead,
  cleansed: Cleansed,
): Pick<Visitor, 'head' | 'cleansed'> {
  let { lines } = cleansed;
  if (passes) lines = withoutPass(lines);
  if (pin) lines = withoutCookies(lines, [pin.cookie]);
  if (geo && !cleansed.believed) lines = withoutPlaceHeaders(lines, geo.headers);
  const { query, target } = head;
  return {
    head: passes ? { ...head, query: withoutPassParameter(query), target: withoutPassInTarget(target) } : head,
    cleansed: lines === cleansed.lines ? cleansed : { ...cleansed, lines },
  };
}

function placedFacts({ geo }: EdgeDuties, { ip, lines, believed }: Cleansed, facts: RequestFacts): RequestFacts {
  return geo ? { ...facts, geo: geo.place({ ip, lines, believed }) as RequestFacts['geo'] } : facts;
}

function withToken(visitor: Visitor, token: TokenResult, required: boolean): Visitor | Turned {
  if (token.kind === 'verified') return { ...visitor, facts: { ...visitor.facts, token: token.claims } };
  if (!required) return visitor;
  return refused('GL_TOKEN_REQUIRED', tokenRefusal(token), { 'www-authenticate': tokenChallenge(token) });
}

function refused(code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}): Turned {
  return { kind: 'refused', code, message, headers };
}
