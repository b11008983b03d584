import type { Random } from './balance.ts';

/**
 * A source of randomness for picks: sfc32 (Chris Doty-Humphrey, PractRand), which passes its author's and BigCrush's tests.
 * In its favour over `Math.random`: its numbers need not be put into objects of their own, so that a pick leaves nothing
 * behind. It is no source of secrets.
 *
 * @param seed four whole numbers; the same ones give the same sequence
 */
export function createRandom(seed: ArrayLike<number>): Random {
  let [a = 0, b = 0, c = 0, counter = 1] = Array.from(seed, (part) => part | 0);
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next(); // until all four have mixed
  return next;
}
