import { describe, expect, it } from '@jest/globals';
import { withCookie } from '../../src/edge/cookies.ts';

describe('a cookie that is added', () => {
  it('joins the line that is there', () => {
    expect(withCookie(['A', '1', 'Cookie', 'a=b', 'B', '2'], 'c', 'd')).toEqual([
      'A',
      '1',
      'Cookie',
      'a=b; c=d',
      'B',
      '2',
    ]);
  });

  it('gets a line where there is none, whatever other values say', () => {
    expect(withCookie(['A', 'cookie'], 'c', 'd')).toEqual(['A', 'cookie', 'Cookie', 'c=d']);
  });
});
