import { describe, expect, it } from '@jest/globals';
import { MAX_TEXT_LENGTH, openDocument } from '../src/document.ts';
import { formatIssue } from '../src/errors.ts';

describe('a document', () => {
  it('that is a text gives its values with the places of their mistakes', () => {
    const { root, issues } = openDocument('a: 1\nb:\n  - c: x\n  - d\n');
    expect(root?.at('a').number()).toBe(1);
    expect(issues).toEqual([]);
    root?.at('b').at(0).at('c').number();
    root?.at('b').at(1).boolean();
    root?.at('b').at(7).text();
    root?.at('nothing').text();
    expect(issues.map(formatIssue)).toEqual([
      '3:5 b[0].c: must be a number, not "x"',
      '4:5 b[1]: must be true or false, not "d"',
      '2:1 b[7]: must be a text, not missing',
      '1:1 nothing: must be a text, not missing',
    ]);
  });

  it('has a place for each of very many mistakes, in maps too', () => {
    const { root, issues } = openDocument(Array.from({ length: 100_000 }, (_, n) => `k${n}: x\n`).join(''));
    for (const [, value] of root?.entries() ?? []) value.number();
    expect(issues).toHaveLength(100_000);
    expect(issues.at(-1)?.at).toEqual({ line: 100_000, column: 1 });
  });

  it('that is a value has no places', () => {
    const { root, issues } = openDocument({ a: 'x' });
    root?.at('a').number();
    expect(issues).toEqual([{ path: 'a', message: 'must be a number, not "x"' }]);
  });

  it('that cannot be read has no root and says why', () => {
    for (const input of ['a: [', 'a: 1\na: 2', 'x'.repeat(MAX_TEXT_LENGTH + 1), '- '.repeat(100), 'a: &a [*a]']) {
      const { root, issues } = openDocument(input);
      expect(root).toBeUndefined();
      expect(issues.length).toBeGreaterThan(0);
    }
  });

  it('may be nested 64 deep and no deeper', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(openDocument(nested(64)).issues).toEqual([]);
    expect(openDocument(nested(65)).issues.map(formatIssue)).toEqual([
      '1:1 is nested more than 64 deep, or contains itself',
    ]);
  });

  it('that contains itself cannot be read', () => {
    const circle: unknown[] = [];
    circle.push(circle, circle);
    expect(openDocument(circle).root).toBeUndefined();
  });
});
