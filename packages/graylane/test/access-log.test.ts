import { stripVTControlCharacters } from 'node:util';
import { type Instance, type Lane, type Pick, parseRequestLines, STABLE } from '@graylane/core';
import type { ExchangeRecord } from '@graylane/gateway';
import { describe, expect, it } from '@jest/globals';
import { exchangeLine, formatExchange, requestOfLog } from '../src/access-log.ts';

const GRAY = 'gray' as Lane;

const instance = (lane: Lane): Instance => ({
  id: 'a',
  service: 'cart',
  host: '127.0.0.1',
  port: 41_235,
  lane,
  weight: 1,
  zone: '',
  state: 'ready',
  metadata: {},
});
const hit = (lane: Lane): Pick => ({ kind: 'hit', instance: instance(lane), lane, load: { inFlight: 0 } });

const exchange = (changes: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  at: new Date(2026, 10, 21, 14, 1, 33).getTime(),
  method: 'GET',
  host: 'shop',
  target: '/cart',
  ip: '10.1.2.3',
  requestID: undefined,
  lines: [],
  facts: undefined,
  decision: { by: 'rule', rule: 'testers', lane: GRAY },
  service: 'cart',
  pick: hit(GRAY),
  status: 200,
  error: undefined,
  detail: undefined,
  ms: 3.14,
  ...changes,
});

const line = (changes: Partial<ExchangeRecord> = {}): string =>
  stripVTControlCharacters(formatExchange(exchange(changes)));

describe('an exchange for people', () => {
  it.each<[string, Partial<ExchangeRecord>, string]>([
    ['a hit', {}, '14:01:33  200  gray       3.1 ms  GET  shop/cart → cart gray 127.0.0.1:41235 (rule testers)'],
    [
      'a call that fell back',
      {
        method: 'POST',
        ms: 1234.56,
        pick: {
          kind: 'fallback',
          because: 'no-instances',
          instance: instance(STABLE),
          lane: STABLE,
          load: { inFlight: 0 },
        },
      },
      '14:01:33  200  gray    1234.6 ms  POST shop/cart → cart stable 127.0.0.1:41235 (rule testers; gray: no-instances)',
    ],
    [
      'a split',
      { decision: { by: 'split', rule: 'ten', lane: STABLE }, pick: hit(STABLE) },
      '14:01:33  200  stable     3.1 ms  GET  shop/cart → cart stable 127.0.0.1:41235 (rule ten, by share)',
    ],
    [
      'a split without its key',
      { decision: { by: 'no-key', rule: 'ten', lane: STABLE }, pick: hit(STABLE) },
      '14:01:33  200  stable     3.1 ms  GET  shop/cart → cart stable 127.0.0.1:41235 (rule ten, no key)',
    ],
    [
      'a carried lane',
      { decision: { by: 'carried', lane: GRAY } },
      '14:01:33  200  gray       3.1 ms  GET  shop/cart → cart gray 127.0.0.1:41235 (carried)',
    ],
    [
      'no instance',
      { status: 503, pick: { kind: 'empty', because: 'not-ready' }, error: 'GL_NO_INSTANCE' },
      '14:01:33  503  gray       3.1 ms  GET  shop/cart → cart (rule testers; gray: not-ready) GL_NO_INSTANCE',
    ],
    [
      'a service that nobody knows',
      {
        status: 502,
        decision: { by: 'default', lane: STABLE },
        pick: { kind: 'unknown' },
        error: 'GL_SERVICE_UNKNOWN',
      },
      '14:01:33  502  stable     3.1 ms  GET  shop/cart → cart (no rule) GL_SERVICE_UNKNOWN',
    ],
    [
      'no route',
      { status: 404, decision: undefined, service: undefined, pick: undefined, error: 'GL_ROUTE_NOT_FOUND' },
      '14:01:33  404  -          3.1 ms  GET  shop/cart GL_ROUTE_NOT_FOUND',
    ],
    [
      'an instance that broke off',
      { status: 502, error: 'GL_UPSTREAM_FAILED', detail: '127.0.0.1:41235: other side closed' },
      '14:01:33  502  gray       3.1 ms  GET  shop/cart → cart gray 127.0.0.1:41235 (rule testers) GL_UPSTREAM_FAILED 127.0.0.1:41235: other side closed',
    ],
  ])('shows %s on one line, aligned with others', (_what, changes, expected) => {
    expect(line(changes)).toBe(expected);
  });

  it('cuts a long path and shows nothing that would steer a terminal', () => {
    expect(line({ target: `/${'x'.repeat(500)}` })).toContain(`shop/${'x'.repeat(98)}… → cart`);
    expect(line({ host: 'a\x9b31mb', target: '/\x07' })).toContain('GET  a?31mb/? → cart');
  });
});

describe('an exchange for machines', () => {
  it('is JSON with the lane, the rule, the pick and the instance', () => {
    expect(JSON.parse(exchangeLine(exchange({ requestID: 'r-1' })))).toEqual({
      time: new Date(exchange().at).toISOString(),
      method: 'GET',
      host: 'shop',
      target: '/cart',
      ip: '10.1.2.3',
      service: 'cart',
      status: 200,
      ms: 3.1,
      requestID: 'r-1',
      lane: 'gray',
      by: 'rule',
      rule: 'testers',
      pick: 'hit',
      servedBy: 'gray',
      instance: 'a',
    });
  });

  it('says why a lane did not serve, and what went wrong', () => {
    const fell = {
      kind: 'fallback',
      because: 'ejected',
      instance: instance(STABLE),
      lane: STABLE,
      load: { inFlight: 0 },
    } as const;
    const decision = { by: 'split', rule: 'ten', lane: GRAY } as const;
    const error = 'GL_UPSTREAM_TIMEOUT';
    expect(
      JSON.parse(exchangeLine(exchange({ pick: fell, decision, error, detail: 'a: late', status: 504 }))),
    ).toMatchObject({
      pick: 'fallback',
      because: 'ejected',
      servedBy: 'stable',
      rule: 'ten',
      error,
      detail: 'a: late',
      status: 504,
    });
  });

  it('leaves out what there is not', () => {
    const bare = { decision: undefined, service: undefined, pick: undefined };
    expect(Object.keys(JSON.parse(exchangeLine(exchange({ ...bare, error: 'GL_ROUTE_NOT_FOUND' }))))).toEqual([
      'time',
      'method',
      'host',
      'target',
      'ip',
      'status',
      'ms',
      'error',
    ]);
  });
});

describe('a line of the log, replayed', () => {
  const lines = [
    'X-User-Id',
    'u7',
    'Authorization',
    'secret',
    'Cookie',
    'sid=secret; uid=7;theme=dark',
    'Cookie',
    'b=1',
  ];
  const logged = { headers: ['x-user-id'], cookies: ['uid'] };

  it('keeps the headers and cookies that were named, and of the others nothing', () => {
    const text = exchangeLine(exchange({ lines, target: '/cart?coupon=x' }), logged);
    expect(text).not.toContain('secret');
    expect(JSON.parse(text).headers).toEqual([
      ['x-user-id', 'u7'],
      ['cookie', 'uid=7'],
    ]);
    expect(JSON.parse(exchangeLine(exchange({ lines })))).not.toHaveProperty('headers');
  });

  it('is the request that was decided, with the lane that it had', () => {
    const log = [
      exchangeLine(exchange({ lines, target: '/cart?coupon=x', requestID: 'r-1' }), logged),
      exchangeLine(exchange({ target: 'http://other/?', host: 'shop', at: 5_000 })),
      exchangeLine(exchange({ decision: undefined, target: '*broken', error: 'GL_REQUEST_INVALID' })),
      exchangeLine(exchange({ decision: { by: 'pass', lane: GRAY } })),
      '{"id":"by hand","path":"/a"}',
    ];
    const [first, second, third, ...none] = parseRequestLines(log.join('\n'), 0, requestOfLog);
    expect(first).toMatchObject({
      id: 'r-1',
      lane: 'gray',
      request: { host: 'shop', path: '/cart', query: 'coupon=x', ip: '10.1.2.3', time: exchange().at },
    });
    expect(first?.request.headers).toEqual(['x-user-id', 'u7', 'cookie', 'uid=7']);
    expect(second?.request).toMatchObject({ path: '/', query: '', time: 5_000 });
    expect(third).toMatchObject({ id: 'by hand', lane: undefined });
    expect(none).toEqual([]);
  });
});
