import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseLane, STABLE } from '../src/lane.ts';

describe('lane names', () => {
  it.each(['a', '7', 'gray', 'checkout-v2', '2026-08', 'a--b', `a${'-'.repeat(38)}z`, 'stable'])(
    '%j is one',
    (name) => {
      expect(parseLane(name)).toBe(name);
    },
  );

  it.each([
    '',
    '-',
    '-a',
    'a-',
    'Gray',
    'gr_ay',
    'gr.ay',
    'gr ay',
    ' gray',
    'gray\n',
    'gray,b',
    'gray;p',
    'gr%61y',
    'grä',
    '灰度',
    '__proto__',
    'a'.repeat(41),
    'a'.repeat(1_000_000),
  ])('%j is none', (name) => {
    expect(parseLane(name)).toBeUndefined();
  });

  it('a missing name is no lane', () => {
    expect(parseLane(undefined)).toBeUndefined();
  });

  it('stable is a lane name like any other', () => {
    expect(parseLane('stable')).toBe(STABLE);
  });

  it('whatever is accepted fits the grammar of the design', () => {
    const alphabet = fc.constantFrom('a', 'z', '0', '-', 'A', '.', '\n', 'é');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 42 }), (letters) => {
        const name = letters.join('');
        const fits =
          /^[a-z0-9-]{1,40}$/.test(name) && !name.startsWith('-') && !name.endsWith('-') && !name.endsWith('\n');
        expect(parseLane(name) !== undefined).toBe(fits);
      }),
    );
  });
});
