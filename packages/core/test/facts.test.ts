import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toBytes } from '../src/bytes.ts';
import { parseFact } from '../src/fact-name.ts';
import { factReader, headerValue, hostName, type RequestFacts, readFact, requestFacts } from '../src/facts.ts';

const asNode = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function read(name: string, request: Partial<RequestFacts>): string | undefined {
  const fact = parseFact(name);
  if (typeof fact === 'string') throw new Error(fact);
  return factReader(fact, new Map())(requestFacts(request));
}

describe('names of facts', () => {
  it.each([
    ['method', { source: 'method' }],
    ['host', { source: 'host' }],
    ['path', { source: 'path' }],
    ['ip', { source: 'ip' }],
    ['time', { source: 'time' }],
    ['header.x-user-id', { source: 'header', name: 'x-user-id' }],
    ['header.x.y', { source: 'header', name: 'x.y' }],
    ['cookie.UID', { source: 'cookie', name: 'UID' }],
    ['cookie.u_id', { source: 'cookie', name: 'u_id' }],
    ['query.user', { source: 'query', name: 'user' }],
    ['query.a b=', { source: 'query', name: 'a b=' }],
    ['token.org.plan', { source: 'token', name: 'org.plan' }],
    ['attribute.user', { source: 'attribute', name: 'user' }],
    ['geo.city', { source: 'geo', name: 'city' }],
    ['agent.osVersion', { source: 'agent', name: 'osVersion' }],
  ])('%s', (text, fact) => {
    expect(parseFact(text)).toEqual(fact);
  });

  it.each([
    ['', /no fact is called ""/],
    ['headers.x', /no fact is called "headers\.x": use header\.NAME/],
    ['__proto__', /no fact is called/],
    ['constructor.name', /no fact is called/],
    ['ip.v4', /"ip" takes no name: write just ip/],
    ['ip.', /"ip" takes no name/],
    ['header', /no header name/],
    ['header.', /no header name/],
    ['header.X-User', /write it in lower case/],
    ['header.x user', /no header name/],
    ['header.x_user', /use "-"/],
    ['cookie.', /write cookie\.uid/],
    ['cookie.a b', /no cookie name/],
    ['cookie.a=b', /no cookie name/],
    ['query', /"query" needs a name: write query\.user/],
    ['token.', /"token" needs a name/],
    ['attribute', /"attribute" needs a name/],
    ['geo.planet', /geo has country, region, city, not "planet"/],
    ['geo', /geo has country, region, city/],
    ['agent.__proto__', /agent has device, os/],
  ])('%j is refused with what to write', (text, message) => {
    expect(parseFact(text)).toMatch(message);
  });
});

describe('headers', () => {
  it('repeated lines are joined with a comma and nothing else, in order', () => {
    const headers = ['X-A', '1', 'x-b', '-', 'x-a', '2', 'X-a', ''];
    expect(read('header.x-a', { headers })).toBe('1,2,');
    expect(headerValue(headers, 'x-b')).toBe('-');
    expect(headerValue(headers, 'x-c')).toBeUndefined();
  });

  it('an empty header is there', () => {
    expect(read('header.x-a', { headers: ['x-a', ''] })).toBe('');
  });

  it('no value is taken for a name, and a name without value is none', () => {
    expect(read('header.x-a', { headers: ['x-b', 'x-a', 'x-a'] })).toBeUndefined();
  });
});

describe('cookies', () => {
  it.each<[string, string[], string, string | undefined]>([
    ['one of several', ['Cookie', 'a=1; uid=u1; b=2'], 'uid', 'u1'],
    ['the first of its name', ['cookie', 'uid=first; uid=second'], 'uid', 'first'],
    ['the first line goes first', ['Cookie', 'uid=first', 'COOKIE', 'uid=second; x=y'], 'uid', 'first'],
    ['a second line counts too', ['Cookie', 'a=1', 'Cookie', 'uid=u2'], 'uid', 'u2'],
    ['other letters are another cookie', ['Cookie', 'UID=big; uid=small'], 'uid', 'small'],
    ['without spaces', ['Cookie', 'a=1;uid=u1;b=2'], 'uid', 'u1'],
    ['with more spaces', ['Cookie', ' \t uid \t=\t u1 \t; b=2'], 'uid', 'u1'],
    ['not unquoted', ['Cookie', 'uid="u1"'], 'uid', '"u1"'],
    ['not decoded', ['Cookie', 'uid=%75+1'], 'uid', '%75+1'],
    ['equals signs belong to the value', ['Cookie', 'uid=a=b=='], 'uid', 'a=b=='],
    ['an empty one is there', ['Cookie', 'uid='], 'uid', ''],
    ['a name alone is no cookie', ['Cookie', 'uid; uid=2'], 'uid', '2'],
    ['a longer name is another cookie', ['Cookie', 'xuid=1; uidx=2'], 'uid', undefined],
    ['an underscore', ['Cookie', 'u_id=1'], 'u_id', '1'],
    ['no cookie header', ['x-cookie', 'uid=1'], 'uid', undefined],
    ['bytes at the end stay whole', ['Cookie', asNode('city=Voilà; a=1')], 'city', toBytes('Voilà')],
    ['a comma does not separate', ['Cookie', 'a=1, uid=2'], 'uid', undefined],
  ])('%s', (_, headers, name, value) => {
    expect(read(`cookie.${name}`, { headers })).toBe(value);
  });
});

describe('query', () => {
  it.each<[string, string, string | undefined]>([
    ['user=u1', 'user', 'u1'],
    ['a=1&user=u1&b=2', 'user', 'u1'],
    ['user=first&user=second', 'user', 'first'],
    ['USER=1&user=2', 'user', '2'],
    ['user=a+b%20c', 'user', 'a b c'],
    ['user=%2B', 'user', '+'],
    ['user=%e5%8C%97', 'user', toBytes('北')],
    ['user=100%', 'user', '100%'],
    ['user=%zz%4', 'user', '%zz%4'],
    ['user=%25%34%31', 'user', '%41'],
    ['%75ser=1', 'user', '1'],
    ['a+b=1', 'a b', '1'],
    [`${encodeURIComponent('城市')}=1`, '城市', '1'],
    [asNode('城市=北京'), '城市', toBytes('北京')],
    ['user', 'user', ''],
    ['user=', 'user', ''],
    ['user=a=b', 'user', 'a=b'],
    ['&&user=1', 'user', '1'],
    ['a=1;user=2', 'user', undefined],
    ['users=1', 'user', undefined],
    ['', 'user', undefined],
    ['__proto__=1', 'user', undefined],
  ])('?%s has %s: %j', (query, name, value) => {
    expect(read(`query.${name}`, { query })).toBe(value);
  });

  it('decodes as URLSearchParams does, byte for byte, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '%', '4', 'é', '+', '&', '=', 'f', 'F', '#'), maxLength: 20 }),
        (query) => {
          const wellFormed = !/%(?![0-9A-Fa-f]{2})/.test(query);
          const value = read('query.a', { query: asNode(query) });
          const expected = new URLSearchParams(query).get('a');
          // Bytes that are no UTF-8 are kept by us and replaced there.
          if (wellFormed && !expected?.includes('\ufffd'))
            expect(value).toBe(expected === null ? undefined : toBytes(expected));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('token claims', () => {
  const token = {
    sub: 'u1',
    age: 30,
    admin: false,
    nothing: null,
    org: { plan: 'pro', units: [{ name: 'x' }], deep: { er: 1 } },
    roles: ['editor', 7, true, null, { a: 1 }],
    none: [],
    'https://example.com/plan': 'gold',
    'a.b': 'dotted',
    a: { b: 'nested' },
    name: '李雷',
  };
  it.each<[string, string | undefined]>([
    ['sub', 'u1'],
    ['age', '30'],
    ['admin', 'false'],
    ['nothing', undefined],
    ['org', undefined],
    ['org.plan', 'pro'],
    ['org.deep.er', '1'],
    ['org.missing', undefined],
    ['sub.length', undefined],
    ['roles', 'editor,7,true'],
    ['roles.0', 'editor'],
    ['none', ''],
    ['https://example.com/plan', 'gold'],
    ['a.b', 'dotted'],
    ['name', toBytes('李雷')],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['org.__proto__.x', undefined],
    ['toString', undefined],
  ])('token.%s is %j', (claim, value) => {
    expect(read(`token.${claim}`, { token })).toBe(value);
  });
});

describe('the rest of the request', () => {
  it.each<[string, Partial<RequestFacts>, string | undefined]>([
    ['method', { method: 'post' }, 'post'],
    ['path', { path: '/a%20b' }, '/a%20b'],
    ['host', { host: 'Shop.Example:8080' }, 'shop.example'],
    ['host', { host: '' }, undefined],
    ['ip', { ip: '2001:db8::1' }, '2001:db8::1'],
    ['ip', { ip: '' }, undefined],
    ['geo.city', { geo: { city: '北京' } }, toBytes('北京')],
    ['geo.country', { geo: {} }, undefined],
    ['time', { time: Date.UTC(2026, 11, 24, 18) }, '2026-12-24T18:00:00.000Z'],
    ['agent.device', { headers: ['User-Agent', 'x (iPhone)'] }, 'ios'],
    ['agent.device', {}, undefined],
    ['attribute.unheard-of', {}, undefined],
  ])('%s of %j', (name, request, value) => {
    expect(read(name, request)).toBe(value);
  });

  it.each([
    ['shop.example', 'shop.example'],
    ['SHOP.example:80', 'shop.example'],
    ['shop.example:', 'shop.example'],
    ['[2001:DB8::1]:8080', '[2001:db8::1]'],
    ['[::1]', '[::1]'],
    ['', ''],
  ])('the name of host %j is %j', (authority, name) => {
    expect(hostName(authority)).toBe(name);
  });

  it('an attribute is the first fact of its list that is there and not empty', () => {
    const names = ['token.sub', 'header.x-user-id', 'cookie.uid'] as const;
    const readers = names.map((name) => {
      const fact = parseFact(name);
      if (typeof fact === 'string' || fact.source === 'attribute') throw new Error(name);
      return (request: RequestFacts) => readFact(fact, request);
    });
    const user = factReader({ source: 'attribute', name: 'user' }, new Map([['user', readers]]));
    expect(user(requestFacts({ token: { sub: 't' }, headers: ['x-user-id', 'h'] }))).toBe('t');
    expect(user(requestFacts({ token: { sub: '' }, headers: ['x-user-id', 'h', 'cookie', 'uid=c'] }))).toBe('h');
    expect(user(requestFacts({ headers: ['x-user-id', '', 'cookie', 'uid=c'] }))).toBe('c');
    expect(user(requestFacts({ headers: ['cookie', 'uid='] }))).toBeUndefined();
  });
});
