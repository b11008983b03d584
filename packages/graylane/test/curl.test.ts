import { describe, expect, it } from '@jest/globals';
import { fullURL, requestOfCurl, splitHeader } from '../src/curl.ts';

/** A command line as a shell splits it, as far as single quotes go. */
const words = (line: string): string[] =>
  (line.match(/(?:'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll("'", ''));

describe('a curl command', () => {
  it.each([
    ['curl http://shop/cart?x=1', { method: 'GET', url: 'http://shop/cart?x=1', headers: [] }],
    [
      "curl -X DELETE -H 'X-Tester: 1' shop:8080/a",
      { method: 'DELETE', url: 'http://shop:8080/a', headers: [['X-Tester', '1']] },
    ],
    ["curl -XPUT -H'x-a: 1' http://shop", { method: 'PUT', url: 'http://shop', headers: [['x-a', '1']] }],
    [
      "curl http://shop/ -b 'uid=7; theme=dark' -A 'My Phone'",
      {
        headers: [
          ['cookie', 'uid=7; theme=dark'],
          ['user-agent', 'My Phone'],
        ],
      },
    ],
    ["curl --url http://shop/x --data-raw '{}' -sS --compressed", { method: 'POST', url: 'http://shop/x' }],
    ['curl -I http://shop', { method: 'HEAD' }],
    [
      'curl http://shop/ -u me:secret -o /dev/null -m 3 --retry 2 -x proxy:3128',
      { method: 'GET', url: 'http://shop/' },
    ],
  ])('%s is read as the request that it sends', (line, expected) => {
    expect(requestOfCurl(words(line))).toMatchObject(expected);
  });

  it('without a URL is refused', () => {
    expect(() => requestOfCurl(['curl', '-s'])).toThrow('The curl command has no URL.');
  });
});

it('a header without a colon is refused, with what to write', () => {
  expect(() => splitHeader('x-tester 1')).toThrow('"x-tester 1" is no header: write "name: value"');
});

it('a URL without a scheme gets one, and keeps every byte of its path', () => {
  expect(fullURL('shop/a/../b%2fc')).toBe('http://shop/a/../b%2fc');
  expect(fullURL('https://shop')).toBe('https://shop');
});
