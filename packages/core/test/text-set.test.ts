import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toBytes } from '../src/bytes.ts';
import { createTextSet } from '../src/text-set.ts';

describe('a set of texts', () => {
  it.each([0, 1, 1000, 1001, 1024, 50_000])('of %i members has these and no other', (count) => {
    const texts = Array.from({ length: count }, (_, n) => toBytes(`用户-${n}`));
    const set = createTextSet(texts);
    expect(set.size).toBe(count);
    expect(texts.filter((text) => !set.has(text))).toEqual([]);
    for (const other of ['', '用户-0', toBytes('用户-'), toBytes(`用户-${count}`), toBytes('用户-0 ')])
      expect(set.has(other)).toBe(false);
  });

  it('answers as the language does, at any size, with repetitions, empty and long texts', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('', '\0', '\xff', 'a'.repeat(300), 'a'.repeat(301), '\0\0'),
    );
    const padding = Array.from({ length: 1500 }, (_, n) => `${n % 1200}`);
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 50 }),
        fc.array(text, { maxLength: 50 }),
        fc.boolean(),
        (members, others, large) => {
          const all = (large ? [...padding, ...members] : members).map(toBytes);
          const set = createTextSet(all);
          const plain = new Set(all);
          expect(set.size).toBe(plain.size);
          for (const each of [...all, ...others.map(toBytes)]) expect(set.has(each)).toBe(plain.has(each));
        },
      ),
    );
  });
});
