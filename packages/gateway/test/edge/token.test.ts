import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { type RequestFacts, requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, SignJWT } from 'jose';
import { createTokenVerifier, type TokenRules, tokenChallenge, tokenRefusal } from '../../src/edge/token.ts';
import { type IssuerKey, issuerKey, sign } from './issuer.ts';

const [EC, RSA] = await Promise.all([issuerKey('ec'), issuerKey('rsa', 'RS256')]);
const NOW = Date.now();
const SECONDS = Math.floor(NOW / 1_000);
let looked = 0;
const keys = createLocalJWKSet({ keys: [EC.jwk, RSA.jwk] });
const RULES: TokenRules = {
  from: [
    { source: 'header', name: 'authorization' },
    { source: 'cookie', name: 'session' },
    { source: 'header', name: 'x-token' },
  ],
  algorithms: ['ES256', 'RS256'],
  issuers: ['https://login.example/'],
  audiences: ['shop', 'admin'],
  clockToleranceSeconds: 30,
  rememberSeconds: 300,
  getKey: (header, token) => {
    looked++;
    return keys(header, token);
  },
};
const CLAIMS = { iss: 'https://login.example/', aud: 'shop', sub: 'u1', roles: ['admin', 'beta'] };

function bearer(token: string, time = NOW): RequestFacts {
  return requestFacts({ headers: ['Authorization', `Bearer ${token}`], time });
}

describe('a token', () => {
  it.each([EC, RSA])('is verified, $alg', async (key: IssuerKey) => {
    const result = await createTokenVerifier(RULES)(bearer(await sign(CLAIMS, key)));
    expect(result).toMatchObject({ kind: 'verified', claims: CLAIMS });
  });

  it.each<[string, (token: string) => readonly string[]]>([
    ['in Authorization', (token) => ['authorization', `bearer  ${token}`]],
    ['in a cookie', (token) => ['Cookie', `a=b; session=${token}`]],
    ['in a header of its own', (token) => ['X-Token', token]],
    ['in a header of its own, with the word', (token) => ['X-Token', `Bearer ${token}`]],
    ['behind other credentials', (token) => ['Authorization', 'Basic YTpi', 'X-Token', token]],
  ])('is found %s', async (_, headersOf) => {
    const headers = headersOf(await sign(CLAIMS, EC));
    expect(await createTokenVerifier(RULES)(requestFacts({ headers, time: NOW }))).toMatchObject({ kind: 'verified' });
  });

  it('that was verified is known at once, until it expires', async () => {
    const verify = createTokenVerifier(RULES);
    const token = await sign({ ...CLAIMS, exp: SECONDS + 10 }, EC);
    const first = verify(bearer(token));
    expect(first).toBeInstanceOf(Promise);
    expect(verify(bearer(token))).toBe(first); // nobody verifies it twice at the same time
    const result = await first;
    expect(verify(bearer(token))).toBe(result);
    expect(verify(bearer(token, (SECONDS + 40) * 1_000 - 1))).toBe(result);
    expect(await verify(bearer(token, (SECONDS + 40) * 1_000))).toEqual({ kind: 'invalid', reason: 'expired' });
  });

  it('has its key looked for again after a while, for the key may be gone', async () => {
    const verify = createTokenVerifier(RULES);
    const token = await sign(CLAIMS, EC);
    looked = 0;
    for (const after of [0, 299_999, 300_000]) await verify(bearer(token, NOW + after));
    expect(looked).toBe(2);
  });

  it('is none where there is none, at once', () => {
    const verify = createTokenVerifier(RULES);
    expect(verify(requestFacts())).toEqual({ kind: 'none' });
    expect(verify(requestFacts({ headers: ['Authorization', 'Basic YTpi'] }))).toEqual({ kind: 'none' });
  });

  it.each<[string, object, string]>([
    ['it has expired', { exp: SECONDS - 31 }, 'expired'],
    ['it is not valid yet', { nbf: SECONDS + 60 }, 'wrong-claim'],
    ['it is from another issuer', { iss: 'https://evil.example/' }, 'wrong-claim'],
    ['it is for somebody else', { aud: 'bank' }, 'wrong-claim'],
    ['it never expires', { exp: undefined }, 'wrong-claim'],
  ])('is not believed when %s', async (_, claims, reason) => {
    const token = await sign({ ...CLAIMS, ...claims }, EC);
    expect(await createTokenVerifier(RULES)(bearer(token))).toEqual({ kind: 'invalid', reason });
  });

  it('may be a little late', async () => {
    const token = await sign({ ...CLAIMS, exp: SECONDS - 29 }, EC);
    expect(await createTokenVerifier(RULES)(bearer(token))).toMatchObject({ kind: 'verified' });
  });

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = part({ ...CLAIMS, exp: SECONDS + 60 });

  it('is not believed with another payload', async () => {
    const [head, , signature] = (await sign(CLAIMS, EC)).split('.');
    const forged = `${head}.${part({ ...CLAIMS, exp: SECONDS + 60, sub: 'root' })}.${signature}`;
    expect(await createTokenVerifier(RULES)(bearer(forged))).toEqual({ kind: 'invalid', reason: 'bad-signature' });
  });

  it('is not believed with a key of the same name from elsewhere', async () => {
    const token = await sign(CLAIMS, await issuerKey('ec'));
    expect(await createTokenVerifier(RULES)(bearer(token))).toEqual({ kind: 'invalid', reason: 'bad-signature' });
  });

  it.each(['none', 'None', 'NONE', 'nOnE'])('is never believed without a signature (%s)', async (alg) => {
    const token = `${part({ alg, typ: 'JWT' })}.${payload}.`;
    const verify = createTokenVerifier({ ...RULES, algorithms: ['none', 'ES256'] });
    expect(await verify(bearer(token))).toMatchObject({ kind: 'invalid' });
    expect(await createTokenVerifier(RULES)(bearer(token))).toEqual({ kind: 'invalid', reason: 'algorithm' });
  });

  it('is not believed when the public key was taken for a secret', async () => {
    const signed = `${part({ alg: 'HS256', kid: 'rsa' })}.${payload}`;
    const token = `${signed}.${createHmac('sha256', JSON.stringify(RSA.jwk)).update(signed).digest('base64url')}`;
    expect(await createTokenVerifier(RULES)(bearer(token))).toEqual({ kind: 'invalid', reason: 'algorithm' });
  });

  it('is verified with a secret where that is said', async () => {
    const secret = createSecretKey(randomBytes(32));
    const verify = createTokenVerifier({ ...RULES, algorithms: ['HS256'], getKey: () => secret });
    const token = await new SignJWT({ ...CLAIMS, exp: SECONDS + 60 }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    expect(await verify(bearer(token))).toMatchObject({ kind: 'verified' });
    expect(await verify(bearer(await sign(CLAIMS, EC)))).toEqual({ kind: 'invalid', reason: 'algorithm' });
  });

  it.each([
    ['x', 'malformed'],
    ['a.b.c', 'malformed'],
    ['é.é.é', 'malformed'],
    [`${part({ alg: 'ES256', kid: 'ec' })}.${payload}`, 'malformed'],
    [`${part({ alg: 'ES256', kid: 'ec', crit: ['x'] })}.${payload}.x`, 'malformed'],
    ['x'.repeat(8_193), 'too-long'],
  ])('is none in another form: %#', async (token, reason) => {
    const result = await createTokenVerifier(RULES)(bearer(token));
    expect(result).toMatchObject({ kind: 'invalid' });
    if (result.kind === 'invalid') expect(['algorithm', reason]).toContain(result.reason);
  });
});

describe('a request that needs a token', () => {
  it('is told what is wrong, as RFC 6750 has it', () => {
    expect(tokenChallenge({ kind: 'none' })).toBe('Bearer');
    expect(tokenRefusal({ kind: 'none' })).toBe('a token is needed');
    expect(tokenChallenge({ kind: 'invalid', reason: 'expired' })).toBe('Bearer error="invalid_token"');
    expect(tokenRefusal({ kind: 'invalid', reason: 'expired' })).toBe('the token cannot be used: it has expired');
  });
});
