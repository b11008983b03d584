import { type Decision, type Lane, type Policy, parsePolicy, requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type Pin, pinCookie, pinnedLane, readPin } from '../../src/edge/lane-pin.ts';
import { signPass } from '../../src/edge/pass.ts';
import { keyOf, keysOf } from './keys.ts';

const NOW = 1_800_000_000_000;
const GRAY = 'gray' as Lane;
const KEYS = keysOf('a', 'b');
const OPTIONS = { cookie: 'pin', maxAgeSeconds: 600 };
const AT = { now: NOW, secure: true };
const split = (lane: string, rule = 'half'): Decision => ({ by: 'split', lane: lane as Lane, rule });

function policyWith(lanes: Record<string, number>, declared: Record<string, unknown> = { gray: {}, blue: {} }): Policy {
  return parsePolicy({
    version: 1,
    lanes: declared,
    rules: [
      { name: 'half', split: { by: 'cookie.uid', lanes } },
      { name: 'other', when: { fact: 'ip', equals: '1' }, lane: 'gray' },
    ],
  });
}

/** The pin that a client brings back after a decision. */
function pinAfter(decision: Decision, now = NOW): Pin | undefined {
  const cookie = pinCookie(decision, undefined, OPTIONS, keyOf('a'), AT)?.split(';')[0] ?? '';
  return readPin(requestFacts({ headers: ['Cookie', `a=b; ${cookie}`], time: now }), 'pin', KEYS);
}

describe('a pin', () => {
  it('keeps a user in the lane that a split gave', () => {
    const pin = pinAfter(split('gray'));
    expect(pin).toEqual({ rule: 'half', lane: 'gray', expires: NOW / 1_000 + 600 });
    expect(pinnedLane(pin, split('stable'), policyWith({ gray: 1 }))).toBe('gray');
    expect(pinnedLane(pin, split('blue'), policyWith({ blue: 50, gray: 1 }))).toBe('gray');
  });

  it('keeps who has lost the key', () => {
    const noKey: Decision = { by: 'no-key', lane: 'stable' as Lane, rule: 'half' };
    expect(pinnedLane(pinAfter(split('gray')), noKey, policyWith({ gray: 1 }))).toBe('gray');
  });

  it.each<[string, Decision, Policy]>([
    ['another rule decides', { by: 'rule', lane: 'blue' as Lane, rule: 'testers' }, policyWith({ gray: 5 })],
    ['another split decides', split('stable', 'fifth'), policyWith({ gray: 5 })],
    ['the request has its lane from where it is trusted', { by: 'carried', lane: GRAY }, policyWith({ gray: 5 })],
    ['the split has no share for the lane any more', split('stable'), policyWith({ gray: 0 })],
    ['the split does not name the lane any more', split('stable'), policyWith({ blue: 5 })],
    ['the lane is disabled', split('stable'), policyWith({ gray: 5 }, { gray: { enabled: false } })],
  ])('ends when %s', (_, decision, policy) => {
    expect(pinnedLane(pinAfter(split('gray')), decision, policy)).toBeUndefined();
  });

  it('is made of a split’s lane only, never of stable', () => {
    expect(pinAfter(split('stable'))).toBeUndefined();
    expect(pinAfter({ by: 'rule', lane: GRAY, rule: 'testers' })).toBeUndefined();
    expect(pinAfter({ by: 'default', lane: 'stable' as Lane })).toBeUndefined();
  });

  it('is not made again while it holds', () => {
    const pin = pinAfter(split('gray'));
    expect(pinCookie(split('gray'), pin, OPTIONS, keyOf('a'), AT)).toBeUndefined();
    expect(pinCookie(split('blue'), pin, OPTIONS, keyOf('a'), AT)).toMatch(/^pin=gls1\.\S+; Path=\/; Max-Age=600; /);
  });

  it('expires', () => {
    expect(pinAfter(split('gray'), NOW + 599_999)).toMatchObject({ lane: 'gray' });
    expect(pinAfter(split('gray'), NOW + 600_000)).toBeUndefined();
  });

  it.each([
    ['a lane’s name', 'gray'],
    ['a pass', signPass({ lane: GRAY, expires: NOW / 1_000 + 60 }, keyOf('a'))],
  ])('is not what a client makes up: %s', (_, text) => {
    expect(readPin(requestFacts({ headers: ['Cookie', `pin=${text}`], time: NOW }), 'pin', KEYS)).toBeUndefined();
  });

  it('is not signed by a key that is not known', () => {
    const cookie = pinCookie(split('gray'), undefined, OPTIONS, keyOf('c'), AT)?.split(';')[0] ?? '';
    expect(readPin(requestFacts({ headers: ['Cookie', cookie], time: NOW }), 'pin', KEYS)).toBeUndefined();
  });

  it('holds for a rule with any name', () => {
    const rule = '半 "x"; \u{1F600}'.padEnd(99, '中');
    const cookie = pinCookie(split('gray', rule), undefined, OPTIONS, keyOf('a'), AT)?.split(';')[0] ?? '';
    expect(readPin(requestFacts({ headers: ['Cookie', cookie], time: NOW }), 'pin', KEYS)).toMatchObject({ rule });
  });
});
