import { describe, expect, it } from '@jest/globals';
import { formatIssue } from '../src/errors.ts';
import { formatPath, issueCollector, suggest, Value } from '../src/shape.ts';

/** What reading a value gives, and what it says when it is wrong. */
function reading<Result>(raw: unknown, read: (value: Value) => Result): { result: Result; said: string[] } {
  const { issues, report } = issueCollector();
  const result = read(new Value(raw, ['it'], report));
  return { result, said: issues.map(formatIssue) };
}

describe('reading what a person wrote', () => {
  it('a value of the right shape is returned and nothing is said', () => {
    expect(reading('a', (value) => value.text())).toEqual({ result: 'a', said: [] });
    expect(reading('', (value) => value.text({ empty: true }))).toEqual({ result: '', said: [] });
    expect(reading(3, (value) => value.number({ min: 3, max: 3, integer: true }))).toEqual({ result: 3, said: [] });
    expect(reading(false, (value) => value.boolean())).toEqual({ result: false, said: [] });
    expect(reading('b', (value) => value.oneOf(['a', 'b']))).toEqual({ result: 'b', said: [] });
    expect(reading([1, 2], (value) => value.list(2)?.map((item) => item.raw))).toEqual({ result: [1, 2], said: [] });
    expect(reading({ a: 1 }, (value) => value.fields(['a', 'b'])?.a?.raw)).toEqual({ result: 1, said: [] });
    expect(reading({ a: 1 }, (value) => value.entries()?.map(([key]) => key))).toEqual({ result: ['a'], said: [] });
  });

  it.each<[string, unknown, (value: Value) => unknown, string]>([
    ['a number as text', 5, (value) => value.text(), 'it: must be a text, not 5 (put it in quotes: "5")'],
    ['a boolean as text', true, (value) => value.text(), 'it: must be a text, not true (put it in quotes: "true")'],
    ['nothing as text', undefined, (value) => value.text(), 'it: must be a text, not missing'],
    ['null as text', null, (value) => value.text(), 'it: must be a text, not empty'],
    ['a list as text', [], (value) => value.text(), 'it: must be a text, not a list'],
    ['an object as text', {}, (value) => value.text(), 'it: must be a text, not an object'],
    ['an empty text', '', (value) => value.text(), 'it: must not be empty'],
    ['a long text', 'abc', (value) => value.text({ max: 2 }), 'it: must have at most 2 characters'],
    ['a text as number', '5', (value) => value.number(), 'it: must be a number, not "5"'],
    ['a fraction', 1.5, (value) => value.number({ integer: true }), 'it: must be a whole number, not 1.5'],
    ['no number', Number.NaN, (value) => value.number(), 'it: must be a number, not NaN'],
    ['infinity', Number.POSITIVE_INFINITY, (value) => value.number(), 'it: must be a number, not Infinity'],
    ['too little', 1, (value) => value.number({ min: 2 }), 'it: must be at least 2, not 1'],
    ['too much', 3, (value) => value.number({ max: 2 }), 'it: must be at most 2, not 3'],
    ['a word as boolean', 'yes', (value) => value.boolean(), 'it: must be true or false, not "yes"'],
    [
      'an unknown word',
      'redy',
      (value) => value.oneOf(['ready', 'down']),
      'it: must be one of ready, down, not "redy" (did you mean "ready"?)',
    ],
    ['a list as object', [1], (value) => value.fields(['a']), 'it: must be an object, not a list'],
    ['a text as list', 'a', (value) => value.list(), 'it: must be a list, not "a"'],
    ['an empty list', [], (value) => value.list(1), 'it: must have at least 1 item'],
    ['a short list', [1], (value) => value.list(2), 'it: must have at least 2 items'],
    [
      'an unknown field',
      { nane: 1 },
      (value) => value.fields(['name', 'lane']) && undefined,
      'it.nane: unknown field (did you mean "name"?); known here: name, lane',
    ],
    [
      'a prototype name',
      JSON.parse('{"__proto__": 1}'),
      (value) => value.fields(['name']) && undefined,
      'it.__proto__: unknown field; known here: name',
    ],
    ['a Map', new Map([['a', 1]]), (value) => value.entries(), 'it: must be an object, not a Map'],
    ['a Date', new Date(0), (value) => value.fields(['a']), 'it: must be an object, not a Date'],
    ['a bigint', 5n, (value) => value.entries(), 'it: must be an object, not 5'],
    ['a symbol', Symbol('s'), (value) => value.text(), 'it: must be a text, not Symbol(s)'],
    ['a long value', 'x'.repeat(100), (value) => value.number(), `it: must be a number, not "${'x'.repeat(59)}…`],
  ])('%s is refused', (_, raw, read, message) => {
    expect(reading(raw, read)).toEqual({ result: undefined, said: [message] });
  });

  it('a function is refused by what it is', () => {
    expect(reading(Math.max, (value) => value.list()).said).toEqual([
      'it: must be a list, not function max() { [native code] }',
    ]);
  });

  it('inherited fields are not there', () => {
    const inherited = Object.create({ name: 'x' }) as object;
    expect(reading(inherited, (value) => value.at('name').present)).toEqual({ result: false, said: [] });
    expect(reading({}, (value) => value.at('toString').present)).toEqual({ result: false, said: [] });
    expect(reading(null, (value) => value.at('a').at(0).present)).toEqual({ result: false, said: [] });
  });

  it.each([
    [[], ''],
    [['rules', 2, 'when', 'fact'], 'rules[2].when.fact'],
    [['lanes', 'checkout-v2'], 'lanes.checkout-v2'],
    [['services', 'a b'], 'services["a b"]'],
    [['services', ''], 'services[""]'],
    [['services', '1'], 'services["1"]'],
    [[0, 'a'], '[0].a'],
  ])('the path %j is written %j', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('suggests the nearest word that is at most two edits away', () => {
    expect(suggest('equal', ['in', 'equals', 'exists'])).toBe(' (did you mean "equals"?)');
    expect(suggest('EQUALS', ['equals'])).toBe(' (did you mean "equals"?)');
    expect(suggest('xyz', ['equals', 'in'])).toBe('');
    expect(suggest('x', ['in'])).toBe('');
    expect(suggest('x'.repeat(1_000_000), ['equals'])).toBe('');
  });

  it('suggests nothing among more than a hundred words', () => {
    const words = Array.from({ length: 101 }, (_, n) => `word-${n}`);
    expect(suggest('wordd-7', words.slice(0, 100))).toBe(' (did you mean "word-7"?)');
    expect(suggest('wordd-7', words)).toBe('');
  });
});
