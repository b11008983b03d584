import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../src/random.ts';

describe('a source of randomness', () => {
  it('gives the same sequence for the same seed, and another for another', () => {
    const first = (seed: readonly number[]): number[] => Array.from({ length: 5 }, createRandom(seed));
    expect(first([1, 2, 3, 4])).toEqual(first([1, 2, 3, 4]));
    expect(first([1, 2, 3, 4])).not.toEqual(first([1, 2, 3, 5]));
  });

  it('spreads evenly from 0 to below 1', () => {
    const random = createRandom([7, 7, 7, 7]);
    const bins = new Array<number>(100).fill(0);
    for (let turn = 0; turn < 100_000; turn++) {
      const number = random();
      expect(number >= 0 && number < 1).toBe(true);
      const bin = Math.floor(number * 100);
      bins[bin] = (bins[bin] as number) + 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    expect(chiSquare).toBeLessThan(149); // 99 degrees of freedom: above 148.2 once in a thousand
  });
});
