import { type Lane, requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { signPass } from '../../src/edge/pass.ts';
import { checkPass } from '../../src/edge/pass-check.ts';
import { keyOf, keysOf } from './keys.ts';

const NOW = 1_800_000_000_000;
const RULES = { keys: keysOf('a'), maxLifetimeSeconds: 86_400 };
const text = signPass({ lane: 'gray' as Lane, expires: NOW / 1_000 + 60 }, keyOf('a'));
const expired = signPass({ lane: 'gray' as Lane, expires: NOW / 1_000 - 60 }, keyOf('a'));
const facts = { time: NOW };

describe('checking a pass', () => {
  it('finds none where there is none', () => {
    expect(checkPass(requestFacts(facts), RULES)).toEqual({ kind: 'none' });
  });

  it.each([
    ['header', ['x-graylane-pass', text]],
    ['cookie', ['cookie', `a=b; graylane-pass=${text}`]],
  ])('puts the holder into the lane, by %s', (_, headers) => {
    expect(checkPass(requestFacts({ ...facts, headers }), RULES)).toMatchObject({
      kind: 'held',
      pass: { lane: 'gray' },
    });
  });

  it.each([
    ['header', ['x-graylane-pass', expired], 'expired'],
    ['cookie', ['cookie', 'graylane-pass=forged'], 'malformed'],
    ['two headers', ['x-graylane-pass', text, 'x-graylane-pass', text], 'malformed'],
  ])('lets the rules decide when it is not valid, by %s', (_, headers, fault) => {
    expect(checkPass(requestFacts({ ...facts, headers }), RULES)).toEqual({ kind: 'none', fault });
  });

  it.each(['GET', 'HEAD'])('has a link followed, for %s', (method) => {
    const query = `graylane-pass=${text}`;
    const found = checkPass(requestFacts({ ...facts, method, query }), RULES);
    expect(found).toMatchObject({ kind: 'link', text, pass: { lane: 'gray' } });
  });

  it('goes on with the pass of a link that cannot be followed twice', () => {
    const query = `graylane-pass=${text}`;
    expect(checkPass(requestFacts({ ...facts, method: 'POST', query }), RULES)).toMatchObject({ kind: 'held' });
  });

  it.each(['GET', 'POST'])('refuses a link that is not valid, and says why, for %s', (method) => {
    const query = `graylane-pass=${expired}`;
    expect(checkPass(requestFacts({ ...facts, method, query }), RULES)).toEqual({
      kind: 'bad-link',
      fault: 'expired',
      message: "the link's pass cannot be used: it has expired",
    });
  });
});
