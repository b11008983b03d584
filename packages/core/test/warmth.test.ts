import { describe, expect, it } from '@jest/globals';
import { nextWarmth, warmth } from '../src/warmth.ts';

describe('an instance that warms up', () => {
  it('has a tenth of its weight at first, then a tenth more in each tenth of the window', () => {
    const ages = [0, 999, 1_000, 1_999, 2_000, 5_500, 9_999, 10_000, 99_999];
    expect(ages.map((age) => warmth(age, 10_000))).toEqual([0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 0.9, 1, 1]);
  });

  it('says when that is', () => {
    expect([0, 1_500, 2_000, 9_999, 10_000].map((age) => nextWarmth(age, 10_000))).toEqual([
      2_000,
      2_000,
      3_000,
      10_000,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('is warm at once without a window', () => {
    expect([warmth(0, 0), nextWarmth(0, 0)]).toEqual([1, Number.POSITIVE_INFINITY]);
  });
});
