import { createHash } from 'node:crypto';
import { type RequestFacts, readFact } from '@graylane/core';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { KeysUnavailable } from './key-set.ts';

/** Where a token stands in a request. */
export interface TokenPlace {
  readonly source: 'header' | 'cookie';
  readonly name: string;
}

/** What the gateway makes of a request's token. Whatever is wrong, the request goes on without claims, unless it is required. */
export type TokenResult =
  | { readonly kind: 'verified'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly reason: TokenFault };

/** Why a token is not believed. */
export type TokenFault =
  | 'too-long'
  | 'malformed'
  | 'algorithm'
  | 'unknown-key'
  | 'bad-signature'
  | 'expired'
  | 'wrong-claim'
  | 'keys-unavailable';

/** How tokens are verified. */
export interface TokenRules {
  /** The first place with a token counts. */
  readonly from: readonly TokenPlace[];
  readonly algorithms: readonly string[];
  /** Any of them; not looked at when empty. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly clockToleranceSeconds: number;
  /** How long a verified token is believed without another look at its key. It never outlives its own expiry. */
  readonly rememberSeconds: number;
  /** Finds the key that a token names; it may wait. */
  readonly getKey: JWTVerifyGetKey;
}

/** Verifies the token of a request: at once when it is known, or when there is none. Never throws and never rejects. */
export type VerifyToken = (facts: RequestFacts) => TokenResult | Promise<TokenResult>;

const MAX_LENGTH = 8_192;
const REMEMBERED = 10_000;
const NONE: TokenResult = { kind: 'none' };

/** A token that was verified, and until when, in milliseconds since the epoch. */
interface Remembered {
  readonly result: TokenResult;
  readonly until: number;
}

/** Creates a verifier of JSON Web Tokens (RFC 7519) that remembers what it has verified. */
export function createTokenVerifier(rules: TokenRules): VerifyToken {
  const remembered = new LRUCache<string, Remembered>({ max: REMEMBERED });
  const underWay = new Map<string, Promise<TokenResult>>();

  const verify = async (token: string, key: string, now: number): Promise<TokenResult> => {
    try {
      const payload = await claimsOf(token, rules.getKey, optionsOf(rules, now));
      const result: TokenResult = { kind: 'verified', claims: payload };
      remembered.set(key, { result, until: endOf(payload, rules, now) });
      return result;
    } catch (error) {
      return { kind: 'invalid', reason: faultOf(error) };
    } finally {
      underWay.delete(key);
    }
  };

  return (facts) => {
    const token = findToken(rules.from, facts);
    if (token === undefined) return NONE;
    if (token.length > MAX_LENGTH) return { kind: 'invalid', reason: 'too-long' };
    const key = createHash('sha256').update(token, 'latin1').digest('base64');
    const known = remembered.get(key);
    if (known && facts.time < known.until) return known.result;
    const same = underWay.get(key);
    if (same) return same;
    const verifying = verify(token, key, facts.time);
    underWay.set(key, verifying);
    return verifying;
  };
}

/** What `WWW-Authenticate` says to a request that is refused for want of a token: RFC 6750 §3. */
export function tokenChallenge(result: TokenResult): string {
  return result.kind === 'invalid' ? 'Bearer error="invalid_token"' : 'Bearer';
}

/** What the client is told that is refused. */
export function tokenRefusal(result: TokenResult): string {
  return result.kind === 'invalid' ? `the token cannot be used: ${TOKEN_FAULTS[result.reason]}` : 'a token is needed';
}

const TOKEN_FAULTS: Readonly<Record<TokenFault, string>> = {
  'too-long': `it has more than ${MAX_LENGTH} characters`,
  malformed: 'it is no signed JSON Web Token',
  algorithm: 'its algorithm is not allowed here',
  'unknown-key': 'it was signed with a key that is not known here',
  'bad-signature': 'its signature does not hold',
  expired: 'it has expired',
  'wrong-claim': 'it is not for here, not from whom it should be, or not valid yet',
  'keys-unavailable': 'the keys to verify it cannot be had at the moment',
};

/** The claims of a token. Where several keys could have signed it, for it names none, each of them is tried. */
async function claimsOf(token: string, getKey: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, getKey, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const claims = await jwtVerify(token, key, options).catch(unlessOtherKey);
      if (claims) return claims.payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function unlessOtherKey(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

function optionsOf(
  { algorithms, issuers, audiences, clockToleranceSeconds }: TokenRules,
  now: number,
): JWTVerifyOptions {
  return {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
    ...(issuers.length > 0 && { issuer: [...issuers] }),
    ...(audiences.length > 0 && { audience: [...audiences] }),
  };
}

function endOf({ exp = 0 }: JWTPayload, { clockToleranceSeconds, rememberSeconds }: TokenRules, now: number): number {
  return Math.min((exp + clockToleranceSeconds) * 1_000, now + rememberSeconds * 1_000);
}

/** The token at the first place that has one. `Authorization` has one only in the scheme Bearer; elsewhere the word may lack. */
function findToken(places: readonly TokenPlace[], facts: RequestFacts): string | undefined {
  for (const place of places) {
    const value = readFact(place, facts);
    if (value === undefined || value === '') continue;
    const [, bearer] = /^bearer +(.+)$/i.exec(value) ?? [];
    if (bearer !== undefined) return bearer;
    if (place.name !== 'authorization') return value;
  }
  return undefined;
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof KeysUnavailable) return 'keys-unavailable';
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return 'wrong-claim';
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad-signature';
  // A key of another kind than the algorithm wants is a TypeError of jose's.
  const unfit = error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported;
  return unfit || error instanceof TypeError ? 'algorithm' : 'malformed';
}
