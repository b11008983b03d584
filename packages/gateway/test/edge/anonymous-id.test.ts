import { compilePolicy, decide, parsePolicy, requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { issueAnonymousID } from '../../src/edge/anonymous-id.ts';

const ID = 'AAECAwQFBgcICQoLDA0ODw';
const random = (): Buffer => Buffer.from(Array.from({ length: 16 }, (_, index) => index));
const issue = (lines: readonly string[], secure = true) =>
  issueAnonymousID(requestFacts({ headers: lines }), lines, secure, random);

describe('an anonymous id', () => {
  it('is given to a visitor without any, in the request and in the answer', () => {
    expect(issue(['Accept', '*/*'])).toEqual({
      lines: ['Accept', '*/*', 'Cookie', `graylane-id=${ID}`],
      setCookie: `graylane-id=${ID}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure`,
    });
    expect(issue([], false)?.setCookie).not.toContain('Secure');
  });

  it('stands beside other cookies', () => {
    expect(issue(['Cookie', 'a=b'])?.lines).toEqual(['Cookie', `a=b; graylane-id=${ID}`]);
  });

  it('is kept', () => {
    expect(issue(['Cookie', `a=b; graylane-id=${ID}`])).toBeUndefined();
  });

  it.each(['', 'x', `${ID}A`, ID.slice(1), ID.replace(/.$/, 'x'), `"${ID}"`, '1 OR 1=1', 'é'.repeat(22)])(
    'counts as missing and is replaced when it is %j',
    (id) => {
      expect(issue(['Cookie', `graylane-id=${id}; a=b; graylane-id=${id}`])?.lines).toEqual([
        'Cookie',
        `a=b; graylane-id=${ID}`,
      ]);
    },
  );

  it('is of its own form, and random', () => {
    const ids = Array.from({ length: 200 }, () => issueAnonymousID(requestFacts(), [], true)?.lines[1]);
    expect(new Set(ids).size).toBe(200);
    for (const cookie of ids) {
      const lines = ['Cookie', cookie as string];
      expect(issueAnonymousID(requestFacts({ headers: lines }), lines, true)).toBeUndefined();
    }
  });

  it('decides the very first request', () => {
    const compiled = compilePolicy(
      parsePolicy({
        version: 1,
        lanes: { gray: {} },
        rules: [{ name: 'all', split: { by: 'cookie.graylane-id', lanes: { gray: 100 } } }],
      }),
    );
    expect(decide(compiled, requestFacts())).toMatchObject({ by: 'no-key' });
    expect(decide(compiled, requestFacts({ headers: issue([])?.lines ?? [] }))).toMatchObject({
      by: 'split',
      lane: 'gray',
    });
  });
});
