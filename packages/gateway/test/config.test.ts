import { type GraylaneError, parseNetwork } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { parseGatewayConfig } from '../src/config/config.ts';
import { parseRoute } from '../src/config/routes.ts';
import { GATEWAY_LIMITS } from '../src/gateway.ts';
import { UPSTREAM_TIMEOUTS } from '../src/upstream.ts';

const YAML = `
listen: 0.0.0.0:8080
admin: 9090
registry: http://127.0.0.1:8700
policy: policy.yaml
stateDirectory: /var/lib/graylane
routes:
  - { host: "*.example.com", path: /cart, service: cart, answerMs: 9000, bodyBytes: 1000 }
  - { host: "[::1]", service: six }
  - { service: shop }
trust:
  lanes: [10.1.0.0/16]
  proxies: [10.0.0.1, "2001:db8::/32"]
limits: { headerBytes: 16384, bodyBytes: 10737418240 }
timeouts: { connectMs: 500 }
picks: { balance: round-robin, slowStartMs: 10000, settleMs: 0, maxEjectedShare: 0.3, ejection: { baseMs: 100 } }
log: { sample: 0.1, headers: [X-User-Id], cookies: [uid] }
workers: 2
`;

const VALUE = {
  listen: { host: '0.0.0.0', port: 8080 },
  admin: { host: '127.0.0.1', port: 9090 },
  registry: 'http://127.0.0.1:8700',
  policy: 'policy.yaml',
  stateDirectory: '/var/lib/graylane',
  routes: [
    { host: '*.example.com', path: '/cart', service: 'cart', answerMs: 9_000, bodyBytes: 1_000 },
    { host: '[::1]', service: 'six' },
    { service: 'shop' },
  ],
  trust: {
    lanes: [parseNetwork('10.1.0.0/16')],
    proxies: [parseNetwork('10.0.0.1'), parseNetwork('2001:db8::/32')],
  },
  limits: { ...GATEWAY_LIMITS, headerBytes: 16_384, bodyBytes: 10_737_418_240 },
  timeouts: { ...UPSTREAM_TIMEOUTS, connectMs: 500 },
  picks: { balance: 'round-robin', slowStartMs: 10_000, settleMs: 0, maxEjectedShare: 0.3, ejection: { baseMs: 100 } },
  log: { sample: 0.1, headers: ['x-user-id'], cookies: ['uid'] },
  workers: 2,
  edge: {},
};

const LEAST = { registry: 'file:instances.yaml', policy: 'policy.yaml' };

/** The mistakes as `path: message`. */
function mistakesIn(input: unknown): string[] {
  try {
    parseGatewayConfig(input);
  } catch (error) {
    expect(error).toMatchObject({ code: 'GL_CONFIG_INVALID' });
    return (error as GraylaneError).issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('a gateway’s configuration', () => {
  it('is read from YAML', () => {
    expect(parseGatewayConfig(YAML)).toEqual(VALUE);
  });

  it('is read from JSON', () => {
    const { edge: _edge, ...fields } = VALUE;
    const json = JSON.stringify({
      ...fields,
      listen: '0.0.0.0:8080',
      admin: '9090',
      trust: { lanes: ['10.1.0.0/16'], proxies: ['10.0.0.1', '2001:db8::/32'] },
    });
    expect(parseGatewayConfig(json)).toEqual(VALUE);
  });

  it('needs a registry and a policy, and nothing else', () => {
    expect(parseGatewayConfig(LEAST)).toEqual({
      ...LEAST,
      listen: { host: '127.0.0.1', port: 8080 },
      trust: { lanes: [], proxies: [] },
      limits: GATEWAY_LIMITS,
      timeouts: UPSTREAM_TIMEOUTS,
      picks: {},
      workers: 1,
      edge: {},
      log: { sample: 1, headers: [], cookies: [] },
    });
  });

  it('has duties at the edge, of which pinned lanes need keys', () => {
    const passes = { keys: [{ file: 'pass.key' }] };
    const pin = { cookie: 'pin' };
    expect(parseGatewayConfig({ ...LEAST, passes, pin }).edge).toMatchObject({ passes, pin });
    expect(mistakesIn({ ...LEAST, pin })).toEqual([
      'pin: needs keys to sign with: give passes: { keys: [{ file: pass.key }] }',
    ]);
  });

  it('tells all its mistakes at once, each with its path', () => {
    const mistakes = mistakesIn(`
listen: 99999
admin: { port: 1 }
registry: 7
routes:
  - { host: "a.*.com", path: cart }
  - { service: a, hots: b }
  - { host: "shop:8080", path: "/a?b", service: c }
trust: { lanes: [10.0.0.1/8], proxies: everybody }
limits: { headerBytes: 0, bodyBytes: many, headersMs: 400000 }
timeouts: { connectMs: 1.5, idleMs: 99999999999 }
picks: { balance: best, slowStartMs: -1, ejection: { timeouts: 0 } }
log: { sample: 2, headers: ["a b"], cookies: uid }
extra: 1
`);
    expect(mistakes.map((mistake) => mistake.slice(0, mistake.indexOf(':'))).toSorted()).toEqual(
      [
        ...['admin', 'extra', 'limits', 'limits.bodyBytes', 'limits.headerBytes', 'listen', 'policy', 'registry'],
        ...['routes[0].host', 'routes[0].path', 'routes[0].service', 'routes[1].hots', 'routes[2].host'],
        ...[
          'routes[2].path',
          'timeouts.connectMs',
          'timeouts.idleMs',
          'log.sample',
          'picks.balance',
          'picks.slowStartMs',
          'picks.ejection.timeouts',
          'log.headers[0]',
          'log.cookies',
          'trust.lanes[0]',
          'trust.proxies',
        ],
      ].toSorted(),
    );
    expect(mistakes).toContain('policy: must be a text, not missing');
    expect(mistakes.join('\n')).toContain('did you mean "host"');
  });

  it('says the line and column of a mistake in a text', () => {
    expect(() => parseGatewayConfig(YAML.replace('0.0.0.0:8080', 'x'))).toThrow(/^.*\n {2}2:1 listen: must be a port/s);
  });

  it.each(['', '[]', 'a: [', 'null', '7', [], null, undefined, 7, { ...LEAST, routes: [] }])('is not %j', (input) => {
    expect(mistakesIn(input).length).toBeGreaterThan(0);
  });

  it('has no two routes for the same', () => {
    const mistakes = mistakesIn({
      ...LEAST,
      routes: [
        { service: 'a' },
        { host: '*', path: '/', service: 'b' },
        { host: 'Shop', path: '/x', service: 'c' },
        { host: 'shop', path: '/x/', service: 'd' },
        { host: 'shop', path: '/y', service: 'd' },
      ],
    });
    expect(mistakes).toEqual([
      'routes[1]: has the host and path of another route: keep one',
      'routes[3]: has the host and path of another route: keep one',
    ]);
  });
});

describe('a listen address', () => {
  it.each([
    [8080, '127.0.0.1', 8080],
    ['8080', '127.0.0.1', 8080],
    [0, '127.0.0.1', 0],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['localhost:80', 'localhost', 80],
    ['[::1]:8080', '::1', 8080],
    ['[::]:80', '::', 80],
    ['[::ffff:1.2.3.4]:80', '::ffff:1.2.3.4', 80],
  ])('is %j', (listen, host, port) => {
    expect(parseGatewayConfig({ ...LEAST, listen }).listen).toEqual({ host, port });
  });

  it.each([
    '',
    ':80',
    '::1',
    '::1:80',
    '[::1]',
    '[::1:80',
    '80:',
    'a b:80',
    'http://a:80',
    65_536,
    -1,
    1.5,
    true,
    [80],
    null,
  ])('is not %j', (listen) => {
    expect(mistakesIn({ ...LEAST, listen })).toEqual([expect.stringMatching(/^listen: must be a port or host:port/)]);
  });
});

describe('a route in one word', () => {
  it.each([
    ['/cart=cart', { path: '/cart', service: 'cart' }],
    ['/=shop', { path: '/', service: 'shop' }],
    ['shop.example.com/=shop', { host: 'shop.example.com', path: '/', service: 'shop' }],
    ['shop.example.com=shop', { host: 'shop.example.com', service: 'shop' }],
    ['*.example.com/a/b=c-d', { host: '*.example.com', path: '/a/b', service: 'c-d' }],
    ['[::1]/a=b', { host: '[::1]', path: '/a', service: 'b' }],
    ['=shop', { service: 'shop' }],
  ])('%s is one', (text, route) => {
    expect(parseRoute(text)).toEqual(route);
  });

  it.each(['', 'cart', '/cart', '/cart=', '=', 'a.*.b=x', '**=x', 'shop:80/=x', '/a=b=c', '/a?b/=x'])(
    '%j is none',
    (text) => {
      expect(() => parseRoute(text)).toThrow(expect.objectContaining({ code: 'GL_CONFIG_INVALID' }));
    },
  );
});
