import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BUCKETS, bucketOf, createBucketer, murmur3 } from '../src/bucket.ts';
import { fromBytes, toBytes } from '../src/bytes.ts';

const bytesFrom = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => String.fromCharCode(from + n)).join('');

describe('murmur3', () => {
  // Published with the algorithm and all confirmed with the Python package mmh3 5, which wraps the author's C++.
  it.each<[string, number, number]>([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['\xff\xff\xff\xff', 0, 0x76293b50],
    ['!Ce\x87', 0, 0xf55b516b],
    ['\0\0\0\0', 0, 0x2362f9de],
    ['a', 0, 0x3c2569b2],
    ['ab', 0, 0x9bbfd75f],
    ['abc', 0, 0xb3dd93fa],
    ['abcd', 0, 0x43ed676a],
    ['test', 0, 0xba6bd213],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
    [toBytes('é'), 0x9747b28c, 0xe2ba8266],
    [toBytes('checkout-2026:用户'), 0, 0xe22a923f],
    ['checkout-2026:u1', 0, 0x361a051e],
    [bytesFrom(0, 256), 0, 3_825_864_278],
    [bytesFrom(128, 255), 7, 2_571_449_973],
  ])('of %j with seed %i', (bytes, seed, hash) => {
    expect(murmur3(bytes, seed)).toBe(hash);
  });

  it('equals a plain reading of the reference code over 32-bit words, for any bytes', () => {
    const reference = (data: Uint8Array, seed: number): number => {
      const wrap = (n: bigint): bigint => n & 0xffffffffn;
      const turn = (n: bigint, by: bigint): bigint => wrap((n << by) | (n >> (32n - by)));
      const mix = (k: bigint): bigint => wrap(turn(wrap(k * 0xcc9e2d51n), 15n) * 0x1b873593n);
      let hash = BigInt(seed);
      const whole = data.length - (data.length % 4);
      for (let at = 0; at < whole; at += 4) {
        const word = new DataView(data.buffer, data.byteOffset).getUint32(at, true);
        hash = wrap(turn(hash ^ mix(BigInt(word)), 13n) * 5n + 0xe6546b64n);
      }
      const tail = data.subarray(whole).reduce((sum, byte, index) => sum + (BigInt(byte) << BigInt(8 * index)), 0n);
      if (tail > 0n) hash ^= mix(tail);
      hash ^= BigInt(data.length);
      hash = wrap((hash ^ (hash >> 16n)) * 0x85ebca6bn);
      hash = wrap((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
      return Number(hash ^ (hash >> 16n));
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 0xffffffff }), (data, seed) => {
        expect(murmur3(String.fromCharCode(...data), seed)).toBe(reference(data, seed));
      }),
    );
  });
});

describe('buckets', () => {
  it.each([
    ['checkout-2026', 'u1', Math.floor((0x361a051e * 100_000) / 2 ** 32)],
    ['checkout-2026', toBytes('用户'), Math.floor((0xe22a923f * 100_000) / 2 ** 32)],
    ['checkout-2026', 'u1', 21_133],
  ])('the bucket under %s of %j is %i', (salt, key, bucket) => {
    expect(bucketOf(salt, key)).toBe(bucket);
  });

  it('hashes bytes: the same key as Node.js delivers it and as a policy writes it', () => {
    const delivered = Buffer.from('Zürich', 'utf8').toString('latin1');
    expect(bucketOf('s', delivered)).toBe(bucketOf('s', toBytes('Zürich')));
    expect(bucketOf('s', delivered)).not.toBe(bucketOf('s', fromBytes(delivered)));
  });

  it('are whole numbers from 0 to below 100,000', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (salt, key) => {
        const bucket = bucketOf(toBytes(salt), toBytes(key));
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKETS).toBe(true);
      }),
    );
  });

  const ids: readonly [string, (n: number) => string][] = [
    ['sequential numbers', (n) => `${n}`],
    ['numbers with a prefix', (n) => `user-${1_000_000 + n}`],
    ['numbers 100 apart', (n) => `${n * 100}`],
    ['e-mail addresses', (n) => `person${n}@example.com`],
    ['the same characters over and over', (n) => 'x'.repeat(n % 400) + n],
  ];

  it.each(ids)('spread evenly over %s', (_, idOf) => {
    const deciles = new Array<number>(10).fill(0);
    for (let n = 0; n < 100_000; n++) {
      const decile = Math.floor(bucketOf('rule', idOf(n)) / 10_000);
      deciles[decile] = (deciles[decile] as number) + 1;
    }
    const chiSquare = deciles.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(30); // 9 degrees of freedom: above 27.9 once in a thousand
  });

  it.each(ids)('under two salts are independent over %s', (_, idOf) => {
    let inA = 0;
    let inBoth = 0;
    for (let n = 0; n < 100_000; n++) {
      if (bucketOf('rule-a', idOf(n)) >= 10_000) continue;
      inA++;
      if (bucketOf('rule-b', idOf(n)) < 10_000) inBoth++;
    }
    expect(inA / 100_000).toBeCloseTo(0.1, 2);
    expect(Math.abs(inBoth / inA - 0.1)).toBeLessThan(0.01); // more than three standard deviations
  });
});

describe('a bucketer', () => {
  it('agrees with the definition for every length of salt and key', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 12 }),
        fc.string({ unit: 'binary-ascii', maxLength: 12 }),
        (salt, key) => {
          expect(createBucketer(salt)(key)).toBe(bucketOf(salt, key));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
