import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Balance, createChooser, createWeightedDraw, type Random } from '../src/balance.ts';

/** A repeatable source of randomness (mulberry32, Tommy Ettinger). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const candidates = (weights: readonly number[], inFlight: readonly number[] = []) =>
  weights.map((weight, index) => ({ id: index, weight, load: { inFlight: inFlight[index] ?? 0 } }));

type Candidates = ReturnType<typeof candidates>;

/** A chooser among candidates, by their weights. */
const chooserOf = (items: Candidates, balance: Balance): ((random: Random) => Candidates[number]) =>
  createChooser(
    items,
    items.map(({ weight }) => weight),
    balance,
  );

/** How often each index is drawn. */
function tally(count: number, times: number, draw: (turn: number) => number): number[] {
  const drawn = new Array<number>(count).fill(0);
  for (let turn = 0; turn < times; turn++) {
    const index = draw(turn);
    drawn[index] = (drawn[index] as number) + 1;
  }
  return drawn;
}

/** How often each of some candidates is chosen. */
function counts(items: Candidates, times: number, random: Random): number[] {
  const choose = chooserOf(items, 'p2c');
  return tally(items.length, times, () => choose(random).id);
}

describe('the weighted draw', () => {
  it.each([
    [[1]],
    [[1, 1]],
    [[1, 2, 3, 4]],
    [[10_000, 1]],
    [[0.001, 0.002, 0.003]],
    [[5, 5, 5, 5, 5, 5, 5]],
    [[1, 1, 1, 97]],
  ])('of weights %j draws each by its weight', (weights) => {
    const draw = createWeightedDraw(weights);
    const random = seeded(7);
    const drawn = tally(weights.length, 100_000, () => draw(random));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const chiSquare = weights.reduce((sum, weight, index) => {
      const expected = (100_000 * weight) / total;
      return sum + ((drawn[index] as number) - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(25); // at most 6 degrees of freedom: above 22.5 once in a thousand
  });

  it('is exact: the area of each index over all random numbers is its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const draw = createWeightedDraw(weights);
        const parts = weights.length * total; // borders between indexes fall on multiples of 1/parts
        const drawn = tally(weights.length, parts, (part) => draw(() => (part + 0.5) / parts));
        expect(drawn).toEqual(weights.map((weight) => weight * weights.length));
      }),
    );
  });

  it('stays within its indexes at both ends of randomness', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 1100 }),
        (weights) => {
          const draw = createWeightedDraw(weights);
          for (const extreme of [0, 1 - 2 ** -53]) {
            const index = draw(() => extreme);
            expect(Number.isInteger(index) && index >= 0 && index < weights.length).toBe(true);
          }
        },
      ),
    );
  });
});

describe('the power of two choices', () => {
  it('follows the weights while all are equally busy', () => {
    const chosen = counts(candidates([1, 2, 3, 4]), 100_000, seeded(1));
    for (const [index, share] of [0.1, 0.2, 0.3, 0.4].entries())
      expect(Math.abs((chosen[index] as number) / 100_000 - share)).toBeLessThan(0.01);
  });

  it('prefers the idle one of two', () => {
    const [busy = 0, idle = 0] = counts(candidates([1, 1], [5, 0]), 10_000, seeded(2));
    expect(idle).toBeGreaterThan(busy * 2.5);
  });

  it('counts how busy an instance is for its weight', () => {
    const [big = 0, small = 0] = counts(candidates([10, 10], [10, 1]), 10_000, seeded(3));
    expect(small).toBeGreaterThan(big);
    const items = candidates([10, 1], [10, 2]);
    const first = items[0] as (typeof items)[number];
    // Each draw is forced: first the small instance, then the big one, which is less busy for its weight.
    const numbers = [0.999, 0];
    expect(chooserOf(items, 'p2c')(() => numbers.shift() ?? 0)).toBe(first);
  });

  it('almost never takes a very busy one of many', () => {
    const chosen = counts(candidates(new Array<number>(10).fill(1), [100]), 10_000, seeded(4));
    expect(chosen[0]).toBeLessThan(200); // only where both draws fall on it: 1 in 100
  });

  it('evens out the load that it makes itself', () => {
    const items = candidates(new Array<number>(20).fill(1));
    const choose = chooserOf(items, 'p2c');
    const random = seeded(5);
    for (let n = 0; n < 20_000; n++) choose(random).load.inFlight++;
    for (const { load } of items) expect(Math.abs(load.inFlight - 1000)).toBeLessThan(10);
  });

  it('takes the only one without a look at randomness', () => {
    const [only] = candidates([3]);
    const choose = chooserOf(only ? [only] : [], 'p2c');
    expect(choose(() => Number.NaN)).toBe(only);
  });
});

describe('round robin', () => {
  it('takes one after the other, beginning anywhere', () => {
    const choose = chooserOf(candidates([1, 1, 1]), 'round-robin');
    expect(Array.from({ length: 7 }, () => choose(() => 0.5).id)).toEqual([2, 0, 1, 2, 0, 1, 2]);
  });
});
