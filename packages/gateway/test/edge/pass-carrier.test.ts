import { requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { readPass, withoutPass, withoutPassInTarget, withoutPassParameter } from '../../src/edge/pass-carrier.ts';

describe('a request’s pass', () => {
  const headers = ['Cookie', 'a=b; graylane-pass=C', 'X-Graylane-Pass', 'H'];

  it('is that of a link before that of a header before that of a cookie', () => {
    const query = 'a=b&graylane-pass=L';
    expect(readPass(requestFacts({ headers, query }))).toEqual({ in: 'link', text: 'L' });
    expect(readPass(requestFacts({ headers }))).toEqual({ in: 'header', text: 'H' });
    expect(readPass(requestFacts({ headers: headers.slice(0, 2) }))).toEqual({ in: 'cookie', text: 'C' });
    expect(readPass(requestFacts({ headers: ['Cookie', 'a=b'], query: 'a=b' }))).toBeUndefined();
  });

  it.each([
    ['the header', ['A', '1', 'x-graylane-PASS', 'H', 'B', '2'], ['A', '1', 'B', '2']],
    ['every header', ['x-graylane-pass', 'H', 'B', '2', 'x-graylane-pass', 'I'], ['B', '2']],
    ['a cookie that is alone', ['Cookie', 'graylane-pass=C', 'B', '2'], ['B', '2']],
    ['the first cookie', ['Cookie', 'graylane-pass=C; a=b'], ['Cookie', 'a=b']],
    ['one in the middle', ['cookie', 'a=b; graylane-pass=C;  c=d'], ['cookie', 'a=b;  c=d']],
    ['each of several', ['cookie', 'graylane-pass=C; a=b;graylane-pass = D'], ['cookie', 'a=b']],
    ['one in the second line', ['cookie', 'a=b', 'Cookie', 'c=d; graylane-pass'], ['cookie', 'a=b', 'Cookie', 'c=d']],
    ['the link in Referer', ['Referer', 'http://shop/?a=%20&graylane-pass=L&b'], ['Referer', 'http://shop/?a=%20&b']],
  ])('goes, valid or not: %s', (_, lines, left) => {
    expect(withoutPass(lines)).toEqual(left);
  });

  it.each([
    [['A', 'graylane-pass', 'Cookie', 'a=b']],
    [['Cookie', 'graylane-passes=1; a=graylane-pass']],
    [['Referer', 'http://shop/?q=%2e']],
    [['x-graylane-past', 'x-graylane-pass']],
  ])('is not seen where there is none: %j', (lines) => {
    expect(withoutPass(lines)).toEqual(lines);
  });

  it.each([
    ['', ''],
    ['a=b&c', 'a=b&c'],
    ['graylane-pass=L', ''],
    ['graylane-pass', ''],
    ['graylane-pass=L&a=b&graylane-pass=M', 'a=b'],
    ['a=%20+&graylane%2Dpass=L&&c', 'a=%20+&&c'],
    ['GRAYLANE-PASS=1&a=graylane-pass', 'GRAYLANE-PASS=1&a=graylane-pass'],
  ])('goes from the query %j', (query, left) => {
    expect(withoutPassParameter(query)).toBe(left);
    expect(withoutPassInTarget(`/p?${query}`)).toBe(left === '' && query !== '' ? '/p' : `/p?${left}`);
  });

  it('leaves a target without query as it is', () => {
    expect(withoutPassInTarget('/graylane-pass')).toBe('/graylane-pass');
  });
});
