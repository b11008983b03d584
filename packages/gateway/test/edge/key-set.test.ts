import { requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type KeySetOptions, remoteKeySet } from '../../src/edge/key-set.ts';
import { createTokenVerifier, type TokenResult } from '../../src/edge/token.ts';
import { type Issuer, type IssuerKey, issuerKey, sign, startIssuer } from './issuer.ts';

const [A, B] = await Promise.all([issuerKey('a'), issuerKey('b')]);

/** A verifier that remembers nothing, so that every token asks for its key. */
function verifierOf({ url }: Issuer, options: Partial<KeySetOptions> = {}) {
  const clock = { now: 0 };
  const failures: string[] = [];
  const getKey = remoteKeySet({
    url,
    timeoutMs: 2_000,
    cooldownSeconds: 30,
    maxAgeSeconds: 600,
    onError: ({ message }) => failures.push(message),
    now: () => clock.now,
    ...options,
  });
  const verify = createTokenVerifier({
    from: [{ source: 'header', name: 'authorization' }],
    algorithms: ['ES256', 'RS256'],
    issuers: [],
    audiences: [],
    clockToleranceSeconds: 0,
    rememberSeconds: 0,
    getKey,
  });
  const present = async (key: IssuerKey, named = true): Promise<TokenResult> => {
    const headers = ['Authorization', `Bearer ${await sign({ sub: key.kid }, key, named)}`];
    return verify(requestFacts({ headers, time: Date.now() }));
  };
  return { clock, failures, present };
}

const verified = expect.objectContaining({ kind: 'verified' });

describe('the keys at a URL', () => {
  it('are fetched once, however many ask at first', async () => {
    const issuer = await startIssuer([A]);
    const { present } = verifierOf(issuer);
    expect(issuer.asked).toBe(0);
    expect(await Promise.all([present(A), present(A), present(A)])).toEqual([verified, verified, verified]);
    expect(await present(A)).toEqual(verified);
    expect(issuer.asked).toBe(1);
  });

  it('are fetched again for a key that is new, at most once in the cooldown', async () => {
    const issuer = await startIssuer([A]);
    const { present, clock } = verifierOf(issuer);
    expect(await present(B)).toEqual({ kind: 'invalid', reason: 'unknown-key' });
    issuer.keys = [A, B];
    clock.now = 29_999;
    expect(await present(B)).toEqual({ kind: 'invalid', reason: 'unknown-key' });
    expect(issuer.asked).toBe(1);
    clock.now = 30_000;
    expect(await present(B)).toEqual(verified);
    expect(issuer.asked).toBe(2);
  });

  it('are fetched in the background when they are old, and those that are gone go', async () => {
    const issuer = await startIssuer([A]);
    const { present, clock } = verifierOf(issuer);
    await present(A);
    issuer.keys = [B];
    clock.now = 600_001;
    expect(await present(A)).toEqual(verified); // nobody waits
    expect(await present(B)).toEqual(verified);
    expect(await present(A)).toEqual({ kind: 'invalid', reason: 'unknown-key' });
    expect(issuer.asked).toBe(2);
  });

  it.each<[string, Issuer['keys'], RegExp]>([
    ['says that it is down', (response) => response.writeHead(503).end(), /answered 503/],
    ['answers with no keys', (response) => response.end('<html>'), /gave no keys/],
    ['answers without end', (response) => response.end(' '.repeat(2_000_000)), /longer than/],
    ['leads elsewhere', (response) => response.writeHead(302, { location: '/other' }).end(), /gave no keys/],
    ['breaks off', (response) => response.destroy(), /gave no keys/],
  ])('stay when the URL %s', async (_, keys, failure) => {
    const issuer = await startIssuer([A]);
    const { present, clock, failures } = verifierOf(issuer);
    await present(A);
    issuer.keys = keys;
    clock.now = 86_400_000;
    expect(await present(B)).toEqual({ kind: 'invalid', reason: 'unknown-key' });
    expect(await present(A)).toEqual(verified);
    expect(issuer.asked).toBe(2);
    expect(failures).toEqual([expect.stringMatching(failure)]);
  });

  it('are not asked for by every request when there never were any', async () => {
    const issuer = await startIssuer((response) => response.writeHead(500).end());
    const { present, clock } = verifierOf(issuer);
    expect(await present(A)).toEqual({ kind: 'invalid', reason: 'keys-unavailable' });
    expect(await present(A)).toEqual({ kind: 'invalid', reason: 'keys-unavailable' });
    expect(issuer.asked).toBe(1);
    issuer.keys = [A];
    clock.now = 30_000;
    expect(await present(A)).toEqual(verified);
  });

  it('are not waited for longer than the limit, be the answer slow at its head or in its body', async () => {
    for (const keys of [() => {}, (response: { write(text: string): unknown }) => void response.write('{')]) {
      const { present, failures } = verifierOf(await startIssuer(keys), { timeoutMs: 50 });
      expect(await present(A)).toEqual({ kind: 'invalid', reason: 'keys-unavailable' });
      expect(failures).toEqual([expect.stringMatching(/timeout/)]);
    }
  });

  it('are tried one after the other for a token that names none', async () => {
    const { present } = verifierOf(await startIssuer([A, B]));
    expect(await present(B, false)).toEqual(verified);
    expect(await present(await issuerKey('c'), false)).toEqual({ kind: 'invalid', reason: 'bad-signature' });
  });
});
