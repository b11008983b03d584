import type { Lane } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type MirrorRule, mirrorBucket, mirrorLane } from '../../src/edge/mirror.ts';

const STABLE = 'stable' as Lane;
const GRAY = 'gray' as Lane;
const RULE: MirrorRule = { to: GRAY, services: ['cart'], from: [STABLE], buckets: 5_000, unsafe: false };
const FACTS = { service: 'cart', lane: STABLE, method: 'GET', copy: false };

describe('a request', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('is copied to the lane within the share: %s', (method) => {
    expect(mirrorLane([RULE], { ...FACTS, method }, 4_999)).toBe('gray');
    expect(mirrorLane([RULE], { ...FACTS, method }, 5_000)).toBeUndefined();
  });

  it.each([
    ['of another service', { service: 'stock' }],
    ['of another lane', { lane: GRAY }],
    ['that may change something', { method: 'POST' }],
    ['that is a copy', { copy: true }],
  ])('%s is not copied', (_, other) => {
    expect(mirrorLane([RULE], { ...FACTS, ...other }, 0)).toBeUndefined();
  });

  it('that may change something is copied where that is wanted', () => {
    expect(mirrorLane([{ ...RULE, unsafe: true }], { ...FACTS, method: 'POST' }, 0)).toBe('gray');
  });

  it('is copied of every service where none is named', () => {
    expect(mirrorLane([{ ...RULE, services: undefined }], { ...FACTS, service: 'x' }, 0)).toBe('gray');
  });

  it('is copied once, by the first rule that fits', () => {
    const rules = [
      { ...RULE, buckets: 0 },
      { ...RULE, to: 'blue' as Lane, buckets: 100_000 },
    ];
    expect(mirrorLane(rules, FACTS, 0)).toBeUndefined();
    expect(mirrorLane(rules.toReversed(), FACTS, 0)).toBe('blue');
  });
});

describe('the bucket of a request', () => {
  it('follows from its id', () => {
    const never = (): number => {
      throw new Error('asked for chance');
    };
    expect(mirrorBucket('7f3a', never)).toBe(mirrorBucket('7f3a', never));
  });

  it('is drawn where it has none', () => {
    expect(mirrorBucket(undefined, () => 0)).toBe(0);
    expect(mirrorBucket('', () => 0.999_999_9)).toBe(99_999);
  });

  it('is spread evenly, so that a share is that share', () => {
    const below = Array.from({ length: 20_000 }, (_, id) => mirrorBucket(`id-${id}`, () => 0)).filter((b) => b < 5_000);
    expect(Math.abs(below.length / 20_000 - 0.05)).toBeLessThan(0.006);
  });
});
