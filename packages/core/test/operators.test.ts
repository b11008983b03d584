import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ByteText, toBytes } from '../src/bytes.ts';
import { formatIssue } from '../src/errors.ts';
import { OPERATORS, type OperatorName, parseTime } from '../src/operators.ts';
import { issueCollector, Value } from '../src/shape.ts';

/** The test that an operator makes of an operand; throws what is wrong with the operand. */
function operator(name: OperatorName, operand: unknown, ignoreCase = false): (value: ByteText) => boolean {
  const { issues, report } = issueCollector();
  const test = OPERATORS[name](new Value(operand, [name], report), ignoreCase);
  if (issues.length > 0) throw new Error(issues.map(formatIssue).join('\n'));
  if (!test) throw new Error('no test and nothing said');
  return test;
}

describe('operators', () => {
  it.each<[OperatorName, unknown, holds: string[], fails: string[]]>([
    ['equals', 'ios', ['ios'], ['', 'iOS', 'ios ', 'xios']],
    ['equals', '', [''], ['a']],
    ['in', ['Beijing', '上海', ''], ['Beijing', toBytes('上海'), ''], ['beijing', '上海', 'Beijing,']],
    ['prefix', '/api/', ['/api/', '/api/x'], ['/api', '/API/', 'x/api/']],
    ['suffix', '.cn', ['a.cn', '.cn'], ['a.cn.', 'a.CN', '']],
    ['contains', 'beta', ['beta', 'a-beta-b'], ['Beta', 'bet', '']],
    ['matches', '^/v[0-9]+/', ['/v1/', '/v22/x'], ['/v/', 'x/v1/', '/V1/']],
    ['matches', 'b+', ['abc'], ['ac', '']],
    ['matches', '^.$', [toBytes('北'), 'a'], ['ab', toBytes('北京'), '']],
    ['matches', '^[京]$', [toBytes('京')], ['京']],
    [
      'gt',
      10,
      ['10.5', '+11', '99999999999999999999'],
      ['10', '9', '-11', 'abc', '', '1e5', '0x20', ' 11', '11 ', 'Infinity', 'NaN', '.5', '11.'],
    ],
    ['gte', 10, ['10', '10.0', '010', '11'], ['9.999', '', 'ten']],
    ['lt', -1.5, ['-2', '-1.51'], ['-1.5', '0', '', '--2']],
    ['lte', 0, ['0', '-0', '-1', '00.00'], ['0.1', '', '٣']],
    ['range', [18, 30], ['18', '30', '18.0001'], ['17.9', '30.01', '', 'x', '18,30']],
    ['range', [-1, -1], ['-1', '-1.0'], ['1']],
    [
      'cidr',
      '10.0.0.0/8',
      ['10.1.2.3', '::ffff:10.1.2.3'],
      ['11.0.0.1', '', '10.1.2', '10.1.2.3,10.1.2.4', '::10.1.2.3'],
    ],
    [
      'cidr',
      ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
      ['10.0.0.1', '2001:DB8::9', '192.0.2.1'],
      ['192.0.2.2', '2001:db9::', 'x'],
    ],
    ['semver', '>=2.3 <3', ['2.3.0', 'v2.9', '3.0.0-rc.1'], ['2.2.9', '2.3.0-rc.1', '3.0', '', 'two']],
    ['mod', { by: 100, in: [0, 7] }, ['0', '7', '100', '107', '0107'], ['1', '-7', '7.0', '+7', '', 'a7', ' 7']],
    [
      'before',
      '2026-12-24T18:00:00Z',
      ['2026-12-24T17:59:59.999Z', '2026-12-24', '2026-12-25T01:00:00+08:00'],
      ['2026-12-24T18:00:00Z', '2027-01-01', '', 'today', '1766599200'],
    ],
    [
      'after',
      '2026-12-24',
      ['2026-12-24T00:00:00Z', '2026-12-24', '2030-01-01T00:00:00.5Z'],
      ['2026-12-23T23:59:59Z', '', '2026-12-24T00:00:00+08:00', '2026-02-30'],
    ],
  ])('%s %j', (name, operand, holds, fails) => {
    const test = operator(name, operand);
    for (const value of holds) expect([value, test(value)]).toEqual([value, true]);
    for (const value of fails) expect([value, test(value)]).toEqual([value, false]);
  });

  it.each<[OperatorName, unknown, holds: string[], fails: string[]]>([
    ['equals', 'IoS', ['ios', 'IOS'], ['ioß']],
    ['equals', 'É', [toBytes('É')], [toBytes('é')]],
    ['in', ['A', 'ÄB'], ['a', toBytes('Äb')], [toBytes('äb')]],
    ['prefix', '/API', ['/api/x', '/Api'], ['/ap']],
    ['suffix', '.CN', ['a.cn'], ['a.c']],
    ['contains', 'BeTa', ['xbetax', 'XBETAX'], ['bet']],
    ['matches', '^ab', ['ABc', 'abc'], ['xab']],
  ])('%s %j without regard to case', (name, operand, holds, fails) => {
    const test = operator(name, operand, true);
    for (const value of holds) expect([value, test(value)]).toEqual([value, true]);
    for (const value of fails) expect([value, test(value)]).toEqual([value, false]);
  });

  it('a remainder is exact where doubles are not', () => {
    const test = operator('mod', { by: 100, in: [93] });
    expect(test('9007199254740993')).toBe(true);
    expect(test('9007199254740992')).toBe(false);
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 300n - 1n }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (id, by) => {
          const rest = Number(id % BigInt(by));
          expect(operator('mod', { by, in: [rest] })(id.toString())).toBe(true);
          if (by > 1) expect(operator('mod', { by, in: [(rest + 1) % by] })(id.toString())).toBe(false);
        },
      ),
    );
    expect(test('1'.repeat(301))).toBe(false);
  });

  it('expressions that explode elsewhere answer on 50,000 characters', () => {
    const many = 'a'.repeat(50_000);
    for (const [expression, value, expected] of [
      ['(a+)+$', `${many}b`, false],
      ['(a+)+$', many, true],
      ['^(a|aa)+$', `${many}b`, false],
      ['^(a|a)*b$', many, false],
      ['^(.*a){20}$', `${many}b`, false],
      ['(x+x+)+y', many.replaceAll('a', 'x'), false],
    ] as const)
      expect([expression, operator('matches', expression)(value)]).toEqual([expression, expected]);
  });

  it('bytes that are no UTF-8 neither match by accident nor throw', () => {
    expect(operator('matches', '^a.c$')('a\xffc')).toBe(true);
    expect(operator('matches', '^aÿc$')('a\xffc')).toBe(false);
  });

  it.each<[OperatorName, unknown, string]>([
    ['equals', 1, 'equals: must be a text, not 1 (put it in quotes: "1")'],
    ['equals', true, 'equals: must be a text, not true (put it in quotes: "true")'],
    ['equals', null, 'equals: must be a text, not empty'],
    ['in', 'a', 'in: must be a list, not "a"'],
    ['in', [], 'in: must have at least 1 item'],
    ['in', ['a', 1, null], 'in[1]: must be a text, not 1 (put it in quotes: "1")\nin[2]: must be a text, not empty'],
    ['prefix', '', 'prefix: must not be empty'],
    ['suffix', '', 'suffix: must not be empty'],
    ['contains', '', 'contains: must not be empty'],
    ['matches', '', 'matches: must not be empty'],
    ['matches', 'a'.repeat(1001), 'matches: must have at most 1000 characters'],
    [
      'matches',
      '(',
      'matches: is no RE2 expression: error parsing regexp: missing closing ): `(` (no back references or look-around)',
    ],
    [
      'matches',
      '(a)\\1',
      'matches: is no RE2 expression: error parsing regexp: invalid escape sequence: `\\1` (no back references or look-around)',
    ],
    ['gt', '10', 'gt: must be a number, not "10"'],
    ['gte', null, 'gte: must be a number, not empty'],
    ['lt', Number.NaN, 'lt: must be a number, not NaN'],
    ['lte', [1], 'lte: must be a number, not a list'],
    ['range', [1], 'range: must be two numbers, as [18, 30]'],
    ['range', [1, 2, 3], 'range: must be two numbers, as [18, 30]'],
    ['range', [2, 1], 'range: is empty: 2 is greater than 1'],
    ['range', ['1', '2'], 'range[0]: must be a number, not "1"\nrange[1]: must be a number, not "2"'],
    ['range', { from: 1, to: 2 }, 'range: must be a list, not an object'],
    ['cidr', '10.0.0.1/8', 'cidr: "10.0.0.1/8" is no network: write 10.0.0.0/8, 2001:db8::/32 or one address'],
    ['cidr', [], 'cidr: must have at least 1 item'],
    [
      'cidr',
      ['10.0.0.0/8', 'x', 7],
      'cidr[1]: "x" is no network: write 10.0.0.0/8, 2001:db8::/32 or one address\ncidr[2]: must be a text, not 7 (put it in quotes: "7")',
    ],
    ['semver', 2, 'semver: must be a text, not 2 (put it in quotes: "2")'],
    ['semver', '2.x', 'semver: "2.x" is no version range: write ">=2.3.0 <3 || ^4.1"'],
    ['mod', 100, 'mod: must be an object, not 100'],
    ['mod', {}, 'mod.by: must be a whole number, not missing\nmod.in: must be a list, not missing'],
    ['mod', { by: 0, in: [0] }, 'mod.by: must be at least 1, not 0'],
    [
      'mod',
      { by: 10, in: [10, -1, 0.5] },
      'mod.in[0]: must be at most 9, not 10\nmod.in[1]: must be at least 0, not -1\nmod.in[2]: must be a whole number, not 0.5',
    ],
    ['mod', { by: 10, in: [1], of: 2 }, 'mod.of: unknown field; known here: by, in'],
    [
      'before',
      '2026-12-24 18:00',
      'before: "2026-12-24 18:00" is no time: write 2026-12-24T18:00:00+08:00 or 2026-12-24',
    ],
    ['after', '2026-02-30', 'after: "2026-02-30" is no time: write 2026-12-24T18:00:00+08:00 or 2026-12-24'],
    ['after', 1_766_599_200, 'after: must be a text, not 1766599200 (put it in quotes: "1766599200")'],
  ])('%s refuses %j and says what to write', (name, operand, message) => {
    expect(() => operator(name, operand)).toThrow(new Error(message));
  });

  it.each([
    ['2026-12-24', Date.UTC(2026, 11, 24)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2026-12-24T18:00Z', Date.UTC(2026, 11, 24, 18)],
    ['2026-12-24T18:00:30.5Z', Date.UTC(2026, 11, 24, 18, 0, 30, 500)],
    ['2026-12-24T18:00:00+08:00', Date.UTC(2026, 11, 24, 10)],
    ['2026-12-24T00:00:00-05:30', Date.UTC(2026, 11, 24, 5, 30)],
  ])('%s is a time', (text, milliseconds) => {
    expect(parseTime(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '2026',
    '2026-12',
    '2026-13-01',
    '2026-00-01',
    '2026-02-29',
    '2026-04-31',
    '2026-12-24T18',
    '2026-12-24T18:00',
    '2026-12-24T24:00:00Z',
    '2026-12-24T25:00Z',
    '2026-12-24T18:60Z',
    '24.12.2026',
    '2026-12-24T18:00:00+99:00',
    '٢٠٢٦-12-24',
  ])('%j is no time', (text) => {
    expect(parseTime(text)).toBeNaN();
  });
});
