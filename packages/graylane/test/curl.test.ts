import { isGraylaneError } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { requestOfCurl, splitHeader, splitURL } from '../src/curl.ts';

/** A command line as a shell splits it, as far as single quotes go. */
const words = (line: string): string[] =>
  (line.match(/(?:'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll("'", ''));

describe('a curl command', () => {
  it.each([
    ['curl http://shop/cart?x=1', { method: 'GET', host: 'shop', path: '/cart', query: 'x=1', headers: [] }],
    [
      "curl -X DELETE -H 'X-Tester: 1' shop:8080/a",
      { method: 'DELETE', host: 'shop:8080', path: '/a', headers: ['X-Tester', '1'] },
    ],
    ["curl -XPUT -H'x-a: 1' http://shop", { method: 'PUT', path: '/', headers: ['x-a', '1'] }],
    [
      "curl http://shop/ -b 'uid=7; theme=dark' -A 'My Phone'",
      { headers: ['cookie', 'uid=7; theme=dark', 'user-agent', 'My Phone'] },
    ],
    ["curl --url http://shop/x --data-raw '{}' -sS --compressed", { method: 'POST', path: '/x' }],
    ['curl -I http://shop', { method: 'HEAD' }],
    [
      'curl http://shop/ -u me:secret -o /dev/null -m 3 --retry 2 -x proxy:3128',
      { method: 'GET', host: 'shop', path: '/' },
    ],
  ])('%s is read as the request that it sends', (line, expected) => {
    expect(requestOfCurl(words(line))).toMatchObject(expected);
  });

  it('without a URL is refused', () => {
    expect(() => requestOfCurl(['curl', '-s'])).toThrow('The curl command has no URL.');
  });
});

it('a header without a colon and a URL that is none are refused, with what to write', () => {
  for (const [fail, said] of [
    [() => splitHeader('x-tester 1'), '"x-tester 1" is no header: write "name: value"'],
    [() => splitURL('http://['), '"http://[" is no URL'],
  ] as const) {
    const error = caught(fail);
    expect(isGraylaneError(error, 'GL_CONFIG_INVALID')).toBe(true);
    expect((error as Error).message).toBe(said);
  }
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
