import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requestArbitrary } from '../../testkit/test/naive-inputs.ts';
import { toBytes } from '../src/bytes.ts';
import { formatIssue, isGraylaneError } from '../src/errors.ts';
import { requestFacts } from '../src/facts.ts';
import { requestForm } from '../src/request-form.ts';
import { parseRequestLines, type RequestLine, readRequest } from '../src/request-line.ts';
import { issueCollector, Value } from '../src/shape.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function read(raw: unknown): { line: RequestLine | undefined; said: string[] } {
  const { issues, report } = issueCollector();
  const line = readRequest(new Value(raw, [], report), NOW);
  return { line, said: issues.map(formatIssue) };
}

const requestOf = (raw: unknown): unknown => {
  const { line, said } = read(raw);
  expect(said).toEqual([]);
  return line?.request;
};

describe('a request', () => {
  it('may be empty', () => {
    expect(read({})).toEqual({
      line: { id: undefined, request: requestFacts({ time: NOW }), lane: undefined },
      said: [],
    });
  });

  it('of the specification is read', () => {
    const raw = JSON.parse(
      '{"id":"1","url":"http://shop.example.com/cart?coupon=x","headers":{"x-user-id":"u7"},"ip":"203.0.113.9"}',
    );
    expect(read(raw).line).toEqual({
      id: '1',
      lane: undefined,
      request: requestFacts({
        host: 'shop.example.com',
        path: '/cart',
        query: 'coupon=x',
        headers: ['x-user-id', 'u7'],
        ip: '203.0.113.9',
        time: NOW,
      }),
    });
  });

  it('has its texts as UTF-8 bytes', () => {
    const raw = {
      host: 'zürich',
      path: '/北京',
      query: 'a=é',
      headers: { 'x-name': 'Zoë' },
      geo: { city: 'Zürich' },
      token: { sub: 'é' },
    };
    expect(requestOf(raw)).toEqual(
      requestFacts({
        host: toBytes('zürich'),
        path: toBytes('/北京'),
        query: toBytes('a=é'),
        headers: ['x-name', toBytes('Zoë')],
        geo: { city: 'Zürich' },
        token: { sub: 'é' },
        time: NOW,
      }),
    );
  });

  it.each([
    ['http://shop', 'shop', '/', ''],
    ['https://shop:8443/a/../b?x=%20+&y#z', 'shop:8443', '/a/../b', 'x=%20+&y'],
    ['HTTP://u:p@Shop.Example/?a=b?c', 'Shop.Example', '/', 'a=b?c'],
    ['http://[::1]:80?x', '[::1]:80', '/', 'x'],
  ])('has of the url %s what an entry would see, not decoded', (url, host, path, query) => {
    expect(requestOf({ url })).toMatchObject({ host, path, query });
  });

  it('has headers by name, or as lines that may repeat', () => {
    expect(requestOf({ headers: { 'X-A': '1', cookie: 'a=b' } })).toMatchObject({
      headers: ['X-A', '1', 'cookie', 'a=b'],
    });
    expect(
      requestOf({
        headers: [
          ['x-a', '1'],
          ['x-a', ''],
        ],
      }),
    ).toMatchObject({ headers: ['x-a', '1', 'x-a', ''] });
  });

  it('has a time as text or as milliseconds', () => {
    expect(requestOf({ time: '2026-12-24T18:00:00+08:00' })).toMatchObject({
      time: Date.parse('2026-12-24T10:00:00Z'),
    });
    expect(requestOf({ time: 1_700_000_000_000 })).toMatchObject({ time: 1_700_000_000_000 });
  });

  it('has a lane to compare with, and whatever it is called', () => {
    expect(read({ id: { n: [1] }, lane: 'gray' }).line).toMatchObject({ id: { n: [1] }, lane: 'gray' });
  });
});

describe('a request that is wrong', () => {
  it.each<[string, unknown, string]>([
    ['no object', [], 'must be an object, not a list'],
    ['an unknown field', { header: {} }, 'header: unknown field (did you mean "headers"?); known here: '],
    [
      'a url and its parts',
      { url: 'http://a/', host: 'a', query: '' },
      'url: stands instead of host, path and query: leave host, query out',
    ],
    ['no url', { url: 'shop/cart' }, 'url: is no URL: write http://'],
    ['another scheme', { url: 'ftp://shop/' }, 'url: is no URL: write http://'],
    ['a host with a path', { host: 'shop/cart' }, 'host: is more than a host: write a whole URL into url'],
    ['a path with a query', { path: '/cart?a=b' }, 'path: has a "?": write what is behind it into query'],
    ['a path without its slash', { path: 'cart' }, 'path: must begin with "/"'],
    ['a query with its mark', { query: '?a=b' }, 'query: must be written without "?"'],
    ['no method', { method: 'GET /' }, 'method: "GET /" is no method: write GET'],
    ['headers in one text', { headers: 'a: b' }, 'headers: must be an object, not "a: b"'],
    ['a header name', { headers: { 'x a': '1' } }, 'headers["x a"]: "x a" is no header name'],
    [
      'a header that is a number',
      { headers: { 'x-a': 1 } },
      'headers.x-a: must be a text, not 1 (put it in quotes: "1")',
    ],
    [
      'a line without a value',
      { headers: [['x-a']] },
      'headers[0]: must be a name and a value, as ["x-user-id", "u7"]',
    ],
    [
      'a header of two lines',
      { headers: [['x-a', 'a\r\nb: c']] },
      'headers[0][1]: has a line break, which no header has',
    ],
    ['an address', { ip: '10.0.0' }, 'ip: "10.0.0" is no address: write 203.0.113.9 or 2001:db8::9'],
    ['a token that is not verified', { token: 'eyJ' }, 'token: must be an object, not "eyJ"'],
    ['an unknown place', { geo: { town: 'x' } }, 'geo.town: unknown field'],
    ['a place that is no text', { geo: { city: 1 } }, 'geo.city: must be a text, not 1 (put it in quotes: "1")'],
    ['a time', { time: 'yesterday' }, 'time: "yesterday" is no time: write 2026-12-24T18:00:00+08:00, or milliseconds'],
    ['half a millisecond', { time: 0.5 }, 'time: must be a whole number, not 0.5'],
    ['a time beyond all time', { time: 9e15 }, 'time: must be at most 8640000000000000, not 9000000000000000'],
    ['a lane', { lane: 'Gray' }, 'lane: "Gray" is no lane name'],
  ])('for %s says so', (_, raw, expected) => {
    const { said } = read(raw);
    expect(said).toHaveLength(1);
    expect(said[0]?.slice(0, expected.length)).toBe(expected);
  });

  it('says all that is wrong at once', () => {
    const { line, said } = read({
      url: 'x',
      method: '',
      headers: { 'a b': 1 },
      ip: 'x',
      token: 1,
      geo: 2,
      time: 'x',
      lane: 3,
    });
    expect(line).toBeUndefined();
    expect(said).toHaveLength(8);
  });
});

describe('lines', () => {
  it('are requests, and empty ones are nothing', () => {
    const lines = parseRequestLines('{"id":1}\n\n{"id":2,"path":"/a"}\r\n', NOW);
    expect(lines.map(({ id, request }) => [id, request.path])).toEqual([
      [1, '/'],
      [2, '/a'],
    ]);
  });

  it('that are wrong are named by their numbers, all at once', () => {
    try {
      parseRequestLines('{}\n{"path":"a"}\nnot json\n{"ip":1,"time":"x"}', NOW);
    } catch (error) {
      if (!isGraylaneError(error, 'GL_CONFIG_INVALID')) throw error;
      expect(error.issues.map(formatIssue)).toEqual([
        '2:1 path: must begin with "/"',
        '3:1 is no JSON',
        expect.stringMatching(/^4:1 ip: must be a text/),
        expect.stringMatching(/^4:1 time: "x" is no time/),
      ]);
      return;
    }
    throw new Error('accepted');
  });

  it('may have more mistakes than a call may have arguments', () => {
    const line = JSON.stringify({ headers: new Array(200_000).fill([]) });
    expect(() => parseRequestLines(line, NOW)).toThrow('The requests have 200000 mistakes');
  });

  it('may be nested so deep that nobody could write them again, and are refused', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const line of [`{"id":${deep}}`, `{"token":{"a":${deep}}}`, deep])
      expect(() => parseRequestLines(line, NOW)).toThrow('nested more than 64 deep');
  });
});

describe('the form of a request', () => {
  it('leaves out what goes without saying', () => {
    expect(requestForm(requestFacts({ time: NOW }), NOW)).toEqual({});
    expect(requestForm(requestFacts({ time: NOW }))).toEqual({ time: '2026-11-21T12:00:00.000Z' });
  });

  it('has milliseconds where RFC 3339 has no year', () => {
    expect(
      [-8.64e15, -62_167_219_200_001, 253_402_300_800_000].map((time) => requestForm(requestFacts({ time }))),
    ).toEqual([{ time: -8.64e15 }, { time: -62_167_219_200_001 }, { time: 253_402_300_800_000 }]);
    expect(requestForm(requestFacts({ time: 253_402_300_799_999 }))).toEqual({ time: '9999-12-31T23:59:59.999Z' });
  });

  it('reads as the same request', () => {
    const isText = (bytes: string): boolean => toBytes(Buffer.from(bytes, 'latin1').toString('utf8')) === bytes;
    let compared = 0;
    fc.assert(
      fc.property(requestArbitrary(fc), (request) => {
        const texts = [request.host, request.path, request.query, ...request.headers];
        const { line } = read(JSON.parse(JSON.stringify(requestForm(request))));
        if (!line || !texts.every(isText)) return; // addresses that are none, and bytes that no text has
        compared++;
        expect(line.request).toEqual(JSON.parse(JSON.stringify(request)));
      }),
      { numRuns: 1_000 },
    );
    expect(compared).toBeGreaterThan(300);
  });
});
