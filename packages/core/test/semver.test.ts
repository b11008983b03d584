import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, parseRange, parseVersion, type Version } from '../src/semver.ts';

const version = (text: string): Version => {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(`${text} is no version`);
  return parsed;
};

describe('versions', () => {
  it('are in the order that semver.org gives as its example, and beyond three numbers', () => {
    const ascending = [
      '0.0.1',
      '0.9',
      '1.0.0-0',
      '1.0.0-9',
      '1.0.0-10',
      '1.0.0-99999999999999999998',
      '1.0.0-99999999999999999999',
      '1.0.0-A',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.0.1',
      '1.0.0.10',
      '1.0.1',
      '1.2',
      '1.10',
      '2',
    ];
    for (const [one, earlier] of ascending.entries())
      for (const [other, later] of ascending.entries())
        expect(Math.sign(compareVersions(version(earlier), version(later)))).toBe(Math.sign(one - other));
  });

  it.each([
    ['1', '1.0.0'],
    ['v1.2.3', '1.2.3'],
    ['1.2.3+build.7', '1.2.3'],
    ['1.2.3-rc.01', '1.2.3-rc.1'],
    ['01.2', '1.2'],
    ['1.2.3.0', '1.2.3'],
  ])('%s is the same version as %s', (one, other) => {
    expect(compareVersions(version(one), version(other))).toBe(0);
  });

  it.each([
    '',
    'v',
    'latest',
    '1.',
    '.1',
    '1..2',
    '1.2.3-',
    '1.2.3+',
    '1.2 ',
    ' 1',
    '1.x',
    '1.2.3-é',
    '1'.repeat(10),
    '-1',
    '1,2',
  ])('%j is no version', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it('their order is total: antisymmetric and transitive', () => {
    const part = fc.constantFrom('0', '1', '007', '10', 'a', 'rc', '1a', '9'.repeat(400), '1'.padEnd(400, '0'));
    const any = fc
      .tuple(fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), fc.array(part, { maxLength: 3 }))
      .map(([numbers, pre]) => version(`${numbers.join('.')}${pre.length > 0 ? `-${pre.join('.')}` : ''}`));
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('a very long header is no version, at once', () => {
    expect(parseVersion(`1${'.1'.repeat(500_000)}x`)).toBeUndefined();
    expect(parseVersion(`1.0.0-${'0'.repeat(1_000_000)}x!`)).toBeUndefined();
    expect(parseVersion(`1.0.0-${'0'.repeat(1_000_000)}x`)?.pre).toHaveLength(1);
  });
});

describe('ranges', () => {
  it.each<[range: string, inside: string[], outside: string[]]>([
    ['2.3.1', ['2.3.1', 'v2.3.1+b'], ['2.3.2', '2.3.1-rc']],
    ['=2.3', ['2.3.0', '2.3'], ['2.3.1']],
    ['>2.3', ['2.3.1', '2.3.1-rc', '3'], ['2.3.0', '2.3.0-rc']],
    ['>=2.3 <3', ['2.3.0', '2.99', '3.0.0-rc.1'], ['2.2.9', '2.3.0-rc.1', '3.0.0']],
    ['<=2.3', ['2.3.0', '2.3.0-rc', '1'], ['2.3.1']],
    ['^1.2.3', ['1.2.3', '1.9.0'], ['1.2.2', '2.0.0', '2.0.0-rc.1', '1.2.3-rc.1']],
    ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '0.3.0-rc.1']],
    ['^0.0.3', ['0.0.3'], ['0.0.4', '0.0.2']],
    ['^0.0', ['0.0.0', '0.0.9'], ['0.1.0']],
    ['^0', ['0.0.0', '0.9.9'], ['1.0.0', '1.0.0-rc']],
    ['^4.1', ['4.1.0', '4.99'], ['5', '4.0.9']],
    ['^1.2.3-rc.1', ['1.2.3-rc.1', '1.2.3', '1.3.0'], ['1.2.3-beta', '2.0.0-rc.1']],
    ['~1.2.3', ['1.2.3', '1.2.99'], ['1.3.0', '1.3.0-rc.1', '1.2.2']],
    ['~1.2', ['1.2.0'], ['1.3.0']],
    ['~1', ['1.0.0', '1.99.0'], ['2.0.0', '2.0.0-rc.1']],
    ['~1-rc.1', ['1.0.0-rc.2', '1.99.0'], ['2.0.0']],
    ['>=2.3 <3 || ^4.1.0', ['2.5', '4.2'], ['3.5', '4.0', '5.0']],
    ['  >=1   <2  ', ['1.5'], ['2']],
    ['>=126.0.6478.57', ['126.0.6478.57', '126.0.6478.127', '126.1'], ['126.0.6478.9', '126']],
  ])('%s', (text, inside, outside) => {
    const range = parseRange(text);
    expect(range).toBeDefined();
    for (const each of inside) expect([each, range?.(version(each))]).toEqual([each, true]);
    for (const each of outside) expect([each, range?.(version(each))]).toEqual([each, false]);
  });

  it.each(['', ' ', '||', '>=1 ||', '>= 1', '*', '1.x', '1 - 2', '=>1', '>>1', '^', 'latest', '1 latest', '!1'])(
    '%j is no range',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});
