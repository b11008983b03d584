import { describe, expect, it } from '@jest/globals';
import { ERRORS, type ErrorRow, formatIssue, GraylaneError, isGraylaneError } from '../src/errors.ts';

const rows: [string, ErrorRow][] = Object.entries(ERRORS);

describe('the table of errors', () => {
  it.each(rows)('%s says what happened and what to do', (code, row) => {
    expect(code).toMatch(/^GL_[A-Z]+(?:_[A-Z]+)*$/);
    expect(row.summary).toMatch(/^[A-Z].{10,}\.$/);
    expect(row.remedy).toMatch(/^[A-Z].{5,}\.$/);
    expect(row.status === undefined || (row.status >= 400 && row.status <= 599)).toBe(true);
  });

  it('no two errors say the same', () => {
    expect(new Set(rows.map(([, row]) => row.summary)).size).toBe(rows.length);
  });
});

describe('an error', () => {
  it('has its code, its detail and what caused it', () => {
    const cause = new Error('refused');
    const error = new GraylaneError('GL_UPSTREAM_CONNECT', '10.0.0.1:80 cannot be reached', { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.cause, error.issues]).toEqual([
      'GraylaneError',
      'GL_UPSTREAM_CONNECT',
      '10.0.0.1:80 cannot be reached',
      cause,
      [],
    ]);
    expect('cause' in new GraylaneError('GL_CLOSED', 'closed')).toBe(false);
  });

  it('lists its issues under its detail, in the order of the text', () => {
    const issues = [
      { path: 'b', message: 'late', at: { line: 2, column: 1 } },
      { path: 'a', message: 'second', at: { line: 1, column: 9 } },
      { path: '', message: 'first', at: { line: 1, column: 2 } },
    ];
    const error = new GraylaneError('GL_CONFIG_INVALID', 'Mistakes:', { issues });
    expect(error.message).toBe('Mistakes:\n  1:2 first\n  1:9 a: second\n  2:1 b: late');
    expect(issues[0]?.path).toBe('b');
  });

  it('keeps issues without a place as they were found', () => {
    const issues = ['z', 'a', 'm'].map((path) => ({ path, message: 'x' }));
    expect(new GraylaneError('GL_CONFIG_INVALID', 'x', { issues }).issues).toEqual(issues);
  });

  it('lists fifty issues and counts the rest', () => {
    const issues = Array.from({ length: 60 }, (_, n) => ({ path: `p${n}`, message: 'x' }));
    const { message } = new GraylaneError('GL_CONFIG_INVALID', 'Mistakes:', { issues });
    expect(message.split('\n')).toHaveLength(52);
    expect(message.endsWith('\n  p49: x\n  and 10 more')).toBe(true);
  });

  it('is known to another copy of this package', async () => {
    const path = '../src/errors.ts?copy';
    const copy = (await import(path)) as typeof import('../src/errors.ts');
    const error = new copy.GraylaneError('GL_CLOSED', 'closed');
    expect(copy.GraylaneError).not.toBe(GraylaneError);
    expect(error).not.toBeInstanceOf(GraylaneError);
    expect(isGraylaneError(error)).toBe(true);
    expect(isGraylaneError(error, 'GL_CLOSED')).toBe(true);
    expect(isGraylaneError(error, 'GL_HOOKED')).toBe(false);
  });

  it.each([
    [undefined],
    [null],
    ['GL_CLOSED'],
    [new Error('x')],
    [{ code: 'GL_CLOSED' }],
    [Symbol.for('graylane.error')],
  ])('%p is none of ours', (value) => {
    expect(isGraylaneError(value)).toBe(false);
  });

  it('an issue is one line', () => {
    expect(formatIssue({ path: 'a.b', message: 'm', at: { line: 3, column: 4 } })).toBe('3:4 a.b: m');
    expect(formatIssue({ path: 'a.b', message: 'm' })).toBe('a.b: m');
    expect(formatIssue({ path: '', message: 'm' })).toBe('m');
  });
});
