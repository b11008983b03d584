import type { FindingCode } from '../src/finding.ts';

/** A policy that has nothing wrong with it, with something of every kind. */
export const SOUND = {
  version: 1,
  lanes: {
    gray: { owner: 'checkout-team', expires: '2027-06-01' },
    blue: { fallback: ['gray'] },
    green: { strict: true },
    away: { environment: 'http://next-ingress:8080' },
  },
  attributes: {
    user: ['token.sub', 'header.x-user-id', 'cookie.uid'],
    plan: ['token.plan', 'header.x-plan'],
  },
  segments: {
    testers: { fact: 'attribute.user', in: ['u1', 'u2'] },
    beta: { fact: 'attribute.user', file: 'beta.txt' },
    mobile: { when: { fact: 'agent.device', in: ['ios', 'android'] } },
  },
  rules: [
    { name: 'opt-out', when: { fact: 'header.x-lane', equals: 'stable' }, lane: 'stable' },
    {
      name: 'testers',
      when: { any: [{ segment: 'testers' }, { fact: 'header.x-tester', equals: '1' }] },
      lane: 'gray',
    },
    { name: 'beta', when: { segment: 'beta' }, lane: 'gray' },
    {
      name: 'mobile-checkout',
      when: {
        all: [
          { segment: 'mobile' },
          { fact: 'geo.country', in: ['SG', 'NO'] },
          { fact: 'attribute.plan', equals: 'pro' },
          { fact: 'path', prefix: '/checkout/' },
          { fact: 'header.x-app-version', semver: '>=2.3 <3' },
          { not: { any: [{ segment: 'testers' }, { segment: 'beta' }, { fact: 'header.x-tester', equals: '1' }] } },
        ],
      },
      split: { by: 'attribute.user', salt: 's1', lanes: { blue: 10, green: 5 } },
    },
    {
      name: 'staff',
      when: {
        all: [
          { fact: 'ip', cidr: ['10.0.0.0/8', '2001:db8::/32'] },
          { fact: 'time', after: '2026-11-01T00:00:00Z' },
          { fact: 'time', before: '2027-11-01' },
          { fact: 'attribute.user', matches: '^emp-[0-9]+$' },
          { not: { fact: 'path', prefix: '/checkout/' } },
        ],
      },
      lane: 'gray',
    },
    {
      name: 'next',
      when: {
        all: [
          { fact: 'host', equals: 'next.example.com' },
          { fact: 'query.batch', mod: { by: 4, in: [1] } },
          { not: { fact: 'attribute.user', exists: true } },
          { fact: 'header.x-tester', exists: false },
          { not: { fact: 'path', prefix: '/checkout/' } },
        ],
      },
      lane: 'away',
    },
    { name: 'ramp', split: { by: 'attribute.user', lanes: { gray: 5 } } },
  ],
  services: { payments: { fallback: { gray: 'strict', blue: ['gray'] }, minReady: 2 } },
};

/** When the policy is looked at. */
export const NOW: number = Date.parse('2026-11-21T12:00:00Z');

/** A place in the policy; `+` behind a list adds to it. */
type Place = readonly (string | number)[];

/** `mistake` is refused by `parsePolicy`. */
export type Expected = readonly [code: FindingCode | 'mistake', path: string];

/** A mistake: of which kind, where something is put, what, and what is to be said. `undefined` takes away. */
export type Planted = readonly [kind: string, place: Place, value: unknown, ...expected: Expected[]];

const bad = (path: string): Expected => ['mistake', path];
const when = (condition: unknown): unknown => ({ name: 'new', when: condition, lane: 'gray' });
const ADD = ['rules', 6, '<'] as const; // in front of the ramp
const NEW = 'rules[6].when';
const T = 'header.x-new';

export const PLANTED: readonly Planted[] = [
  // what is no policy at all
  ['version', ['version'], 2, bad('version')],
  ['version', ['version'], '1', bad('version')],
  ['version', ['version'], undefined, bad('version')],
  ['unknown section', ['rule'], [], bad('rule')],
  ['unknown section', ['lane'], {}, bad('lane')],
  ['unknown section', ['segment'], {}, bad('segment')],
  ['shape of a section', ['services'], 'payments', bad('services')],
  ['shape of a section', ['rules'], {}, bad('rules')],
  ['shape of a section', ['services'], [], bad('services')],
  // lanes
  ['lane name', ['lanes', 'Gray2'], {}, bad('lanes.Gray2')],
  ['lane name', ['lanes', 'a_b'], {}, bad('lanes.a_b')],
  ['lane name', ['lanes', '-x'], {}, bad('lanes["-x"]')],
  ['lane name', ['lanes', 'x'.repeat(41)], {}, bad(`lanes.${'x'.repeat(41)}`)],
  ['stable declared', ['lanes', 'stable'], {}, bad('lanes.stable')],
  ['field of a lane', ['lanes', 'gray', 'expire'], '2027-01-01', bad('lanes.gray.expire')],
  ['field of a lane', ['lanes', 'gray', 'fallBack'], [], bad('lanes.gray.fallBack')],
  ['date', ['lanes', 'gray', 'expires'], '1 June 2027', bad('lanes.gray.expires')],
  ['date', ['lanes', 'gray', 'expires'], '2027-02-30', bad('lanes.gray.expires')],
  ['date', ['lanes', 'gray', 'expires'], 20270601, bad('lanes.gray.expires')],
  ['switch', ['lanes', 'gray', 'enabled'], 'yes', bad('lanes.gray.enabled')],
  ['switch', ['lanes', 'green', 'strict'], 1, bad('lanes.green.strict')],
  ['fallback', ['lanes', 'blue', 'fallback'], ['grey'], bad('lanes.blue.fallback[0]')],
  ['fallback', ['lanes', 'blue', 'fallback'], ['blue'], bad('lanes.blue.fallback[0]')],
  ['fallback', ['lanes', 'blue', 'fallback'], ['gray', 'stable'], bad('lanes.blue.fallback[1]')],
  ['fallback', ['lanes', 'blue', 'fallback'], [], bad('lanes.blue.fallback')],
  ['fallback', ['lanes', 'blue', 'fallback'], 'gray', bad('lanes.blue.fallback')],
  ['origin', ['lanes', 'away', 'environment'], 'next-ingress:8080', bad('lanes.away.environment')],
  ['origin', ['lanes', 'away', 'environment'], 'http://next/path', bad('lanes.away.environment')],
  ['origin', ['lanes', 'away', 'environment'], 'ftp://next', bad('lanes.away.environment')],
  ['lane expired', ['lanes', 'gray', 'expires'], '2026-11-20', ['lane-expired', 'lanes.gray.expires']],
  ['lane expired', ['lanes', 'green', 'expires'], '2026-11-21T11:59:59Z', ['lane-expired', 'lanes.green.expires']],
  ['lane expired', ['lanes', 'blue', 'expires'], '2020-01-01', ['lane-expired', 'lanes.blue.expires']],
  ['lane expires soon', ['lanes', 'gray', 'expires'], '2026-11-28', ['lane-expires', 'lanes.gray.expires']],
  [
    'lane expires soon',
    ['lanes', 'green', 'expires'],
    '2026-11-21T20:30:00+08:00',
    ['lane-expires', 'lanes.green.expires'],
  ],
  ['lane unused', ['lanes', 'red'], {}, ['unused-lane', 'lanes.red']],
  ['lane unused', ['lanes', 'load-test'], { strict: true }, ['unused-lane', 'lanes.load-test']],
  ['lane unused', ['lanes', 'next'], { fallback: ['gray'] }, ['unused-lane', 'lanes.next']],
  ['lane switched off', ['lanes', 'away', 'enabled'], false, ['lane-off', 'rules[5].lane']],
  ['lane switched off', ['lanes', 'green', 'enabled'], false, ['lane-off', 'rules[3].split.lanes.green']],
  // attributes
  ['attribute name', ['attributes', '1st'], ['ip'], bad('attributes["1st"]')],
  ['attribute name', ['attributes', 'a b'], ['ip'], bad('attributes["a b"]')],
  ['attribute of attributes', ['attributes', 'user', '+'], 'attribute.plan', bad('attributes.user[3]')],
  ['fact name', ['attributes', 'user', '+'], 'headers.x', bad('attributes.user[3]')],
  ['fact name', ['attributes', 'user', '+'], 'header.X-User', bad('attributes.user[3]')],
  ['fact name', ['attributes', 'user', '+'], 'header.x_user', bad('attributes.user[3]')],
  ['fact name', ['attributes', 'user', '+'], 'cookie.a b', bad('attributes.user[3]')],
  ['fact name', ['attributes', 'user', '+'], 'ip.v4', bad('attributes.user[3]')],
  ['shape of an attribute', ['attributes', 'plan'], 'token.plan', bad('attributes.plan')],
  ['shape of an attribute', ['attributes', 'plan'], [], bad('attributes.plan')],
  ['attribute unused', ['attributes', 'city'], ['geo.city'], ['unused-attribute', 'attributes.city']],
  ['attribute unused', ['attributes', 'device'], ['agent.device'], ['unused-attribute', 'attributes.device']],
  ['attribute unused', ['attributes', 'ip'], ['ip'], ['unused-attribute', 'attributes.ip']],
  // segments
  ['form of a segment', ['segments', 'testers', 'file'], 'x.txt', bad('segments.testers')],
  ['form of a segment', ['segments', 'testers', 'in'], undefined, bad('segments.testers')],
  ['form of a segment', ['segments', 'mobile', 'fact'], 'ip', bad('segments.mobile')],
  ['form of a segment', ['segments', 'mobile', 'lane'], 'gray', bad('segments.mobile.lane')],
  ['empty list', ['segments', 'testers', 'in'], [], bad('segments.testers.in')],
  ['text expected', ['segments', 'testers', 'in', 1], 1001, bad('segments.testers.in[1]')],
  ['segment of segments', ['segments', 'mobile', 'when'], { segment: 'testers' }, bad('segments.mobile.when.segment')],
  ['unknown attribute', ['segments', 'testers', 'fact'], 'attribute.usr', bad('segments.testers.fact')],
  ['segment unused', ['segments', 'friends'], { fact: 'ip', in: ['10.0.0.1'] }, ['unused-segment', 'segments.friends']],
  [
    'segment unused',
    ['segments', 'old'],
    { fact: 'attribute.user', file: 'beta.txt' },
    ['unused-segment', 'segments.old'],
  ],
  [
    'segment unused',
    ['segments', 'all'],
    { when: { fact: 'query.all', exists: true } },
    ['unused-segment', 'segments.all'],
  ],
  [
    'segment empty',
    ['segments', 'beta', 'file'],
    'empty.txt',
    ['empty-segment', 'segments.beta'],
    ['never-holds', 'rules[2].when'],
  ],
  [
    'segment empty',
    ['segments', 'none'],
    { fact: 'ip', file: 'empty.txt' },
    ['unused-segment', 'segments.none'],
    ['empty-segment', 'segments.none'],
  ],
  // rules
  ['unknown lane', ['rules', 1, 'lane'], 'grey', bad('rules[1].lane')],
  ['unknown lane', ['rules', 1, 'lane'], 'Gray', bad('rules[1].lane')],
  ['unknown lane', ['rules', 6, 'split', 'lanes'], { gary: 5 }, bad('rules[6].split.lanes.gary')],
  ['rule name', ['rules', 2, 'name'], 'testers', bad('rules[2].name')],
  ['rule name', ['rules', 2, 'name'], '', bad('rules[2].name')],
  ['rule name', ['rules', 2, 'name'], undefined, bad('rules[2].name')],
  ['rule name', ['rules', 2, 'name'], 'x'.repeat(101), bad('rules[2].name')],
  ['field of a rule', ['rules', 0, 'if'], {}, bad('rules[0].if')],
  ['field of a rule', ['rules', 0, 'lanes'], {}, bad('rules[0].lanes')],
  ['outcome', ['rules', 0, 'lane'], undefined, bad('rules[0]')],
  ['outcome', ['rules', 6, 'lane'], 'gray', bad('rules[6]')],
  ['split', ['rules', 6, 'split', 'lanes', 'gray'], 101, bad('rules[6].split.lanes.gray')],
  ['split', ['rules', 6, 'split', 'lanes', 'gray'], -1, bad('rules[6].split.lanes.gray')],
  ['split', ['rules', 6, 'split', 'lanes', 'gray'], '5%', bad('rules[6].split.lanes.gray')],
  ['split', ['rules', 6, 'split', 'lanes', 'gray'], 0.0005, bad('rules[6].split.lanes.gray')],
  ['split', ['rules', 6, 'split', 'lanes'], { gray: 60, blue: 50 }, bad('rules[6].split.lanes')],
  ['split', ['rules', 6, 'split', 'by'], undefined, bad('rules[6].split.by')],
  ['split', ['rules', 6, 'split', 'by'], 'user', bad('rules[6].split.by')],
  ['split', ['rules', 6, 'split', 'key'], 'ip', bad('rules[6].split.key')],
  ['split', ['rules', 6, 'split', 'salt'], '', bad('rules[6].split.salt')],
  ['split', ['rules', 6, 'split', 'salt'], 2026, bad('rules[6].split.salt')],
  ['split gives nothing', ['rules', 6, 'split', 'lanes'], { gray: 0 }, ['gives-nothing', 'rules[6].split.lanes']],
  ['split gives nothing', ['rules', 6, 'split', 'lanes'], {}, ['gives-nothing', 'rules[6].split.lanes']],
  ['split gives nothing', ['rules', 6, 'split', 'lanes'], { stable: 50 }, ['gives-nothing', 'rules[6].split.lanes']],
  [
    'split gives nothing',
    ['rules', 3, 'split', 'lanes'],
    { blue: 0, green: 0 },
    ['gives-nothing', 'rules[3].split.lanes'],
  ],
  // conditions
  ['form of a condition', [...ADD], when({}), bad(NEW)],
  ['form of a condition', [...ADD], when([]), bad(NEW)],
  ['form of a condition', [...ADD], when({ or: [] }), bad(`${NEW}.or`), bad(NEW)],
  ['form of a condition', [...ADD], when({ all: [], any: [] }), bad(NEW)],
  ['form of a condition', [...ADD], when({ all: [] }), bad(`${NEW}.all`)],
  ['form of a condition', [...ADD], when({ any: { fact: T, exists: true } }), bad(`${NEW}.any`)],
  ['unknown segment', [...ADD], when({ segment: 'tester' }), bad(`${NEW}.segment`)],
  ['unknown segment', [...ADD], when({ not: { segment: 'Beta' } }), bad(`${NEW}.not.segment`)],
  ['unknown attribute', [...ADD], when({ fact: 'attribute.users', exists: true }), bad(`${NEW}.fact`)],
  ['fact name', [...ADD], when({ fact: 'user-agent', exists: true }), bad(`${NEW}.fact`)],
  ['fact name', [...ADD], when({ fact: 'agent.model', exists: true }), bad(`${NEW}.fact`)],
  ['fact name', [...ADD], when({ fact: 'geo.town', exists: true }), bad(`${NEW}.fact`)],
  ['no operator', [...ADD], when({ fact: T }), bad(NEW)],
  ['no operator', [...ADD], when({ fact: T, ignoreCase: true }), bad(NEW)],
  ['unknown operator', [...ADD], when({ fact: T, equal: '1' }), bad(`${NEW}.equal`), bad(NEW)],
  ['unknown operator', [...ADD], when({ fact: T, equals: '1', notIn: ['2'] }), bad(`${NEW}.notIn`)],
  ['two operators', [...ADD], when({ fact: T, gte: 1, lte: 2 }), bad(NEW)],
  ['two operators', [...ADD], when({ fact: T, prefix: 'a', exists: true }), bad(NEW)],
  ['text expected', [...ADD], when({ fact: T, equals: 1 }), bad(`${NEW}.equals`)],
  ['text expected', [...ADD], when({ fact: T, equals: true }), bad(`${NEW}.equals`)],
  ['text expected', [...ADD], when({ fact: T, prefix: '' }), bad(`${NEW}.prefix`)],
  ['text expected', [...ADD], when({ fact: T, in: ['a', null] }), bad(`${NEW}.in[1]`)],
  ['switch', [...ADD], when({ fact: T, exists: 'true' }), bad(`${NEW}.exists`)],
  ['switch', [...ADD], when({ fact: T, equals: 'a', ignoreCase: 1 }), bad(`${NEW}.ignoreCase`)],
  ['empty list', [...ADD], when({ fact: T, in: [] }), bad(`${NEW}.in`)],
  ['number', [...ADD], when({ fact: T, gt: '18' }), bad(`${NEW}.gt`)],
  ['number', [...ADD], when({ fact: T, lte: null }), bad(`${NEW}.lte`)],
  ['range', [...ADD], when({ fact: T, range: [30, 18] }), bad(`${NEW}.range`)],
  ['range', [...ADD], when({ fact: T, range: [18] }), bad(`${NEW}.range`)],
  ['range', [...ADD], when({ fact: T, range: '18-30' }), bad(`${NEW}.range`)],
  ['expression', [...ADD], when({ fact: T, matches: '(' }), bad(`${NEW}.matches`)],
  ['expression', [...ADD], when({ fact: T, matches: 'a(?=b)' }), bad(`${NEW}.matches`)],
  ['expression', [...ADD], when({ fact: T, matches: '(a)\\1' }), bad(`${NEW}.matches`)],
  ['network', [...ADD], when({ fact: 'ip', cidr: '10.0.0.0/33' }), bad(`${NEW}.cidr`)],
  ['network', [...ADD], when({ fact: 'ip', cidr: ['10.0.0.1/8'] }), bad(`${NEW}.cidr[0]`)],
  ['network', [...ADD], when({ fact: 'ip', cidr: '10.0' }), bad(`${NEW}.cidr`)],
  ['version range', [...ADD], when({ fact: T, semver: '2.x' }), bad(`${NEW}.semver`)],
  ['version range', [...ADD], when({ fact: T, semver: '>= 2.3' }), bad(`${NEW}.semver`)],
  ['remainder', [...ADD], when({ fact: T, mod: { by: 10 } }), bad(`${NEW}.mod.in`)],
  ['remainder', [...ADD], when({ fact: T, mod: { by: 10, in: [10] } }), bad(`${NEW}.mod.in[0]`)],
  ['remainder', [...ADD], when({ fact: T, mod: { by: 0, in: [0] } }), bad(`${NEW}.mod.by`)],
  ['time', [...ADD], when({ fact: 'time', before: 'tomorrow' }), bad(`${NEW}.before`)],
  ['time', [...ADD], when({ fact: 'time', after: '2026-13-01' }), bad(`${NEW}.after`)],
  // services
  ['service', ['services', 'payments', 'minReady'], 0, bad('services.payments.minReady')],
  ['service', ['services', 'payments', 'minReady'], 1.5, bad('services.payments.minReady')],
  ['service', ['services', 'payments', 'fallback', 'grey'], 'strict', bad('services.payments.fallback.grey')],
  ['service', ['services', 'payments', 'fallback', 'gray'], 'never', bad('services.payments.fallback.gray')],
  ['service', ['services', 'payments', 'lane'], 'gray', bad('services.payments.lane')],
  // conditions that nothing fulfils
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, equals: 'a' },
        { fact: T, equals: 'b' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, in: ['a', 'b'] },
        { fact: T, in: ['c'] },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, equals: 'a' },
        { fact: T, prefix: 'b' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, equals: 'ab' },
        { fact: T, matches: '^[0-9]+$' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, prefix: '/a' },
        { fact: T, prefix: '/b' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, suffix: '.css' },
        { fact: T, suffix: '.js' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two values at once',
    [...ADD],
    when({
      all: [
        { fact: T, equals: 'A', ignoreCase: true },
        { fact: T, equals: 'b', ignoreCase: true },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: T, gt: 10 },
        { fact: T, lt: 10 },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: T, range: [1, 5] },
        { fact: T, range: [6, 9] },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: T, semver: '>=3' },
        { fact: T, semver: '<2.5' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({ all: [{ fact: T, semver: '^2' }, { not: { fact: T, semver: '>=2 <3-0' } }] }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: 'ip', cidr: '10.0.0.0/8' },
        { fact: 'ip', cidr: '192.168.0.0/16' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({ all: [{ fact: 'ip', cidr: '10.1.0.0/16' }, { not: { fact: 'ip', cidr: '10.0.0.0/8' } }] }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: 'time', before: '2026-12-01' },
        { fact: 'time', after: '2026-12-24' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: T, mod: { by: 2, in: [0] } },
        { fact: T, mod: { by: 4, in: [1, 3] } },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'empty intersection',
    [...ADD],
    when({
      all: [
        { fact: T, mod: { by: 10, in: [9] } },
        { fact: T, range: [10, 18] },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({ all: [{ segment: 'mobile' }, { not: { segment: 'mobile' } }] }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({
      all: [
        { fact: T, exists: false },
        { fact: T, equals: 'a' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({ all: [{ fact: T, equals: 'a' }, { not: { fact: T, in: ['a', 'b'] } }] }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({ all: [{ fact: T, prefix: '/api/v1' }, { not: { fact: T, prefix: '/api' } }] }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({
      not: {
        any: [
          { fact: T, exists: true },
          { fact: T, exists: false },
        ],
      },
    }),
    ['never-holds', NEW],
  ],
  [
    'contradictory not',
    [...ADD],
    when({ all: [{ fact: T, exists: true }, { not: { fact: T, matches: '.*' } }] }),
    ['never-holds', NEW],
  ],
  [
    'two kinds at once',
    [...ADD],
    when({
      all: [
        { fact: T, gte: 1 },
        { fact: T, cidr: '10.0.0.0/8' },
      ],
    }),
    ['never-holds', NEW],
  ],
  [
    'two kinds at once',
    [...ADD],
    when({
      all: [
        { fact: T, mod: { by: 2, in: [0] } },
        { fact: T, before: '2027-01-01' },
      ],
    }),
    ['never-holds', NEW],
  ],
  ['two kinds at once', [...ADD], when({ fact: 'time', gt: 1700000000 }), ['never-holds', NEW]],
  [
    'dead alternative',
    [...ADD],
    when({
      any: [
        { fact: 'query.new', exists: true },
        { fact: 'agent.os', equals: 'iOS' },
      ],
    }),
    ['overlap', 'rules[6]'],
    ['never-holds', `${NEW}.any[1]`],
  ],
  // values that the fact never has
  ['impossible value', [...ADD], when({ fact: 'agent.device', equals: 'iphone' }), ['never-holds', NEW]],
  ['impossible value', [...ADD], when({ fact: 'agent.browser', in: ['msie', 'netscape'] }), ['never-holds', NEW]],
  ['impossible value', [...ADD], when({ fact: 'host', equals: 'Shop.example.com' }), ['never-holds', NEW]],
  ['impossible value', [...ADD], when({ fact: 'host', suffix: '.Example.com' }), ['never-holds', NEW]],
  ['impossible value', [...ADD], when({ fact: 'cookie.a', equals: 'x;y' }), ['never-holds', NEW]],
  ['impossible value', [...ADD], when({ fact: 'attribute.plan', equals: '' }), ['never-holds', NEW]],
  [
    'impossible value',
    ['segments', 'mobile', 'when', 'in', 1],
    'andriod',
    ['impossible-value', 'segments.mobile.when.in[1]'],
  ],
  [
    'impossible value',
    ['rules', 5, 'when', 'all', 0],
    { fact: 'host', in: ['Next.example.com', 'next.example.com'] },
    ['impossible-value', 'rules[5].when.all[0].in[0]'],
  ],
  // forms that requests do not have
  [
    'odd form',
    ['rules', 3, 'when', 'all', 3],
    { fact: 'path', prefix: 'checkout/' },
    ['odd-value', 'rules[3].when.all[3].prefix'],
  ],
  [
    'odd form',
    ['rules', 5, 'when', 'all', '+'],
    { fact: 'path', in: ['/a', 'b'] },
    ['odd-value', 'rules[5].when.all[5].in[1]'],
  ],
  [
    'odd form',
    ['rules', 5, 'when', 'all', '+'],
    { fact: 'path', equals: '/cart?coupon=x' },
    ['odd-value', 'rules[5].when.all[5].equals'],
  ],
  [
    'odd form',
    ['rules', 5, 'when', 'all', '+'],
    { fact: 'method', equals: 'get' },
    ['odd-value', 'rules[5].when.all[5].equals'],
  ],
  [
    'odd form',
    ['rules', 5, 'when', 'all', 0],
    { fact: 'host', equals: 'next.example.com:8443' },
    ['odd-value', 'rules[5].when.all[0].equals'],
  ],
  [
    'odd form',
    ['rules', 5, 'when', 'all', '+'],
    { fact: 'ip', equals: '10.0.0.0/8' },
    ['odd-value', 'rules[5].when.all[5].equals'],
  ],
  ['odd form', ['rules', 0, 'when', 'equals'], ' stable', ['odd-value', 'rules[0].when.equals']],
  ['value twice', ['segments', 'testers', 'in', '+'], 'u1', ['repeated-value', 'segments.testers.in[2]']],
  ['value twice', ['rules', 3, 'when', 'all', 1, 'in', '+'], 'NO', ['repeated-value', 'rules[3].when.all[1].in[2]']],
  // conditions that everything fulfils
  [
    'always holds',
    [...ADD],
    when({ fact: 'path', exists: true }),
    ['always-holds', NEW],
    ['never-reached', 'rules[7]'],
  ],
  [
    'always holds',
    ['rules', 5, 'when', 'all', '+'],
    { any: [{ fact: T, exists: true }, { not: { fact: T, equals: 'x' } }] },
    ['always-holds', 'rules[5].when.all[5]'],
  ],
  [
    'always holds',
    ['rules', 5, 'when', 'all', '+'],
    { fact: 'method', exists: true },
    ['always-holds', 'rules[5].when.all[5]'],
  ],
  [
    'always holds',
    ['segments', 'mobile', 'when'],
    { fact: 'time', exists: true },
    ['always-holds', 'segments.mobile.when'],
  ],
  [
    'matches everything',
    ['rules', 5, 'when', 'all', '+'],
    { fact: T, matches: '.*' },
    ['matches-everything', 'rules[5].when.all[5].matches'],
  ],
  [
    'matches everything',
    ['rules', 5, 'when', 'all', '+'],
    { fact: T, matches: '^' },
    ['matches-everything', 'rules[5].when.all[5].matches'],
  ],
  [
    'matches everything',
    ['rules', 5, 'when', 'all', '+'],
    { fact: T, matches: '[0-9]*' },
    ['matches-everything', 'rules[5].when.all[5].matches'],
  ],
  [
    'matches everything',
    ['rules', 5, 'when', 'all', '+'],
    { fact: T, matches: '^.*$' },
    ['matches-everything', 'rules[5].when.all[5].matches'],
  ],
  [
    'matches everything',
    ['rules', 5, 'when', 'all', '+'],
    { fact: T, matches: 'a|' },
    ['matches-everything', 'rules[5].when.all[5].matches'],
  ],
  [
    'matches everything',
    ['rules', 4, 'when', 'all', 3],
    { fact: 'attribute.user', matches: '(emp-)?' },
    ['matches-everything', 'rules[4].when.all[3].matches'],
  ],
  // rules that nothing reaches
  ['never reached', ['rules', '+'], when({ fact: 'query.late', exists: true }), ['never-reached', 'rules[7]']],
  ['never reached', ['rules', '+'], { name: 'last', lane: 'gray' }, ['never-reached', 'rules[7]']],
  ['never reached', ['rules', 2, '<'], when({ fact: 'attribute.user', equals: 'u2' }), ['never-reached', 'rules[2]']],
  [
    'never reached',
    ['rules', 2, '<'],
    when({ all: [{ segment: 'testers' }, { fact: T, exists: true }] }),
    ['never-reached', 'rules[2]'],
  ],
  ['never reached', ['rules', 2, '<'], when({ fact: 'header.x-lane', in: ['stable'] }), ['never-reached', 'rules[2]']],
  [
    'never reached',
    [...ADD],
    when({ any: [{ segment: 'beta' }, { segment: 'testers' }] }),
    ['never-reached', 'rules[6]'],
  ],
  [
    'never reached',
    [...ADD],
    when({
      all: [
        { fact: 'host', equals: 'next.example.com' },
        { fact: 'query.batch', equals: '5' },
        { fact: 'path', in: ['/', '/cart'] },
        { fact: 'header.x-tester', exists: false },
        { fact: 'attribute.user', exists: false },
      ],
    }),
    ['never-reached', 'rules[6]'],
  ],
  [
    'overlap',
    ['rules', 2, '<'],
    { name: 'new', when: { fact: 'query.new', exists: true }, lane: 'blue' },
    ['overlap', 'rules[2]'],
    ['overlap', 'rules[3]'],
    ['overlap', 'rules[4]'],
    ['overlap', 'rules[5]'],
    ['overlap', 'rules[6]'],
  ],
  ['overlap', ['rules', 3, 'when', 'all', 5], undefined, ['overlap', 'rules[3]']],
  ['overlap', ['rules', 4, 'when', 'all', 4], undefined, ['overlap', 'rules[4]']],
];
