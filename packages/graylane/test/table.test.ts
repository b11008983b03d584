import { expect, it } from '@jest/globals';
import { formatTable } from '../src/index.ts';

it('a table has columns as wide as their widest cell, and no blanks at the end of a line', () => {
  const table = formatTable(
    ['service', 'lane'],
    [
      ['cart', 'gray'],
      ['a-long-service', ''],
    ],
  );
  expect(table.split('\n')).toEqual([
    'service         lane',
    '──────────────  ────',
    'cart            gray',
    'a-long-service',
  ]);
});

it('a table does not count colours as characters, and takes a missing cell as empty', () => {
  const table = formatTable(['lane', 'state'], [['\x1b[36mgray\x1b[39m', 'ready'], ['stable']]);
  expect(table.split('\n')).toEqual(['lane    state', '──────  ─────', '\x1b[36mgray\x1b[39m    ready', 'stable']);
});
