import {
  BUCKETS,
  bucketOf,
  type Condition,
  type Policy,
  parsePolicy,
  type RequestFacts,
  requestFacts,
  type SegmentFiles,
  toBytes,
} from '@graylane/core';
import type FastCheck from 'fast-check';

/** Values that policies ask for and requests have: few, with shared beginnings, so that the two meet often. */
const WORDS = [
  'a',
  'A',
  'ab',
  'aB',
  'abc',
  'b',
  'u1',
  'u10',
  'é',
  'É',
  '北',
  '北京',
  'stable',
  'x,a',
  'a=b',
  '"a"',
  'a b',
];
const NUMBERS = ['0', '1', '7', '10', '010', '-1', '12.5', '12.50', '+7', '100', '9007199254740993', '1e3', '.5', '5.'];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.255',
  '10.1.2.3',
  '010.0.0.1',
  '::1',
  '2001:db8::1',
  '2001:DB8:0:0:1::9',
  '10.0.0',
];
const MAPPED = ['::ffff:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:FFFF:10.1.2.3', '::10.0.0.1', 'fe80::1%eth0'];
const VERSIONS = ['1', '1.2', '1.2.0', 'v1.2.3', '1.2.3-rc.1', '1.2.3-rc.10', '1.2.3-2', '0.1.9', '0.0.3', '2.0.0-0'];
const MORE_VERSIONS = ['2.0.0', '2.0.0+build', '1.2.3.4', '1.2.3-a-b', '1.10', '1.2.x', '1.2.3-', '0.0.0', '0.1'];
const TIMES = ['2026-12-24', '2026-12-24T18:00:00Z', '2026-12-25T02:00:00+08:00', '2026-12-24T18:00:00.001Z'];
const MORE_TIMES = ['2026-12-24T17:59:59.9999Z', '2026-02-30', '2024-02-29', '1970-01-01', '2026-12-24 18:00:00Z'];
const AGENTS = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0.6478.127 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87',
  'Googlebot/2.1',
];
const AGENT_WORDS = [
  'ios',
  'android',
  'windows',
  'desktop',
  'bot',
  'safari',
  'chrome',
  'edge',
  '17.5',
  '126.0.6478.127',
];
const PATHS = ['/', '/a', '/api', '/api/', '/api/v1', '/API/v1', '/api/v2/cart', '/a%20b', '/北京'];
const HOSTS = ['shop.example', 'Shop.Example:8080', 'shop.example.:', '[2001:DB8::1]:8080', '[::1]', 'a', '.', ''];

const VALUES = [...WORDS, ...NUMBERS, ...ADDRESSES, ...MAPPED, ...VERSIONS, ...MORE_VERSIONS, ...TIMES, ...MORE_TIMES];
const OPERANDS = [...VALUES, ...AGENT_WORDS, ...PATHS.slice(1), 'GET', 'POST', 'shop.example', '[::1]', 'U1', 'AB'];

const NAMES = ['a', 'b', 'A'];
const PLAIN_FACTS = [
  ...['header.a', 'header.x-b', 'cookie.a', 'cookie.A', 'query.a', 'query.A', 'query.é', 'token.sub', 'token.org.plan'],
  ...['token.roles', 'token.roles.0', 'token.a.b', 'geo.country', 'geo.city', 'method', 'path', 'host', 'ip', 'time'],
  ...['agent.device', 'agent.os', 'agent.osVersion', 'agent.browser', 'agent.browserVersion', 'header.cookie'],
];
const FACTS = [
  ...PLAIN_FACTS,
  'attribute.user',
  'attribute.place',
  'attribute.user',
  'header.a',
  'cookie.a',
  'query.a',
];

/** What means the same to RE2 and to ECMAScript. */
const EXPRESSIONS = [
  '^a',
  'b$',
  '^(a|ab)c?$',
  '[0-9]+',
  '^.$',
  '北',
  '^u[0-9]{2}$',
  '\\.',
  'a.b',
  '(?:ab)+',
  '^$',
  'é',
];
const NETWORKS = ['10.0.0.0/8', '10.0.0.0/24', '10.0.0.1', '0.0.0.0/0', '::/0', '2001:db8::/32', '::ffff:10.0.0.0/104'];
const MORE_NETWORKS = ['::1', '2001:db8:0:0:1::/80', '::ffff:0:0/96', '10.0.0.254/31', '::10.0.0.0/124'];
const RANGES = ['1.2', '>=1.2 <2', '^1.2', '~1.2.3', '^0.1', '^0.0.3', '^0', '^0.0', '~1', '>1.2.3-rc.1', '<=2.0.0-0'];
const MORE_RANGES = ['=v1.2.3', '<1 || >=2', '^1.2.3-rc.2', '~0', '>=1.2.3.4', '<1.10'];

/** Ends of ranges that keys stand right at, so that being one off shows. */
const EDGES = WORDS.map((word) => bucketOf('s', toBytes(word))).flatMap((bucket) => [bucket, bucket + 1]);

/** What the segment files of {@link policyArbitrary} hold: few lines, and more than are kept in a plain set. */
export const NAIVE_FILES: SegmentFiles = new Map([
  ['few.txt', ['u1', '北', 'abc', '10.0.0.1']],
  ['many.txt', Array.from({ length: 1_100 }, (_, n) => `u${n}`)],
  ['empty.txt', []],
]);

/**
 * Policies with every operator, every source of facts, segments of every kind, nesting and splits, all over the small
 * alphabet that {@link requestArbitrary} speaks too. `fc` is the module fast-check.
 */
export function policyArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<Policy> {
  const rule = fc.oneof(
    fc.record({ when: conditionArbitrary(fc), lane: fc.constantFrom('gray', 'blue', 'stable') }),
    fc.record({ when: conditionArbitrary(fc), split: splitArbitrary(fc) }),
  );
  const last = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    splitArbitrary(fc).map((split) => [{ split }]),
  );
  return fc
    .tuple(fc.array(rule, { minLength: 1, maxLength: 12 }), last, segmentsArbitrary(fc), attributesArbitrary(fc))
    .map(([rules, more, segments, attributes]) =>
      parsePolicy({
        version: 1,
        lanes: { gray: {}, blue: { enabled: false }, green: {} },
        attributes,
        segments,
        rules: [...rules, ...more].map((each, index) => ({ name: `r${index}`, ...each })),
      }),
    );
}

/** Requests that have what the policies of {@link policyArbitrary} ask for: about half of them meet some rule. */
export function requestArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<RequestFacts> {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...VALUES).map(toBytes) },
    { weight: 1, arbitrary: fc.constantFrom('', ' a ', '\xff', 'a\xe5\x8c', '\xe9', 'a\0b', '\ufeffa').map(inBytes) },
  );
  const pair = fc.tuple(fc.constantFrom(...NAMES, 'é'), value);
  const line = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom('a', 'A', 'X-B', 'x-b'), value) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom('cookie', 'Cookie'), cookieArbitrary(fc, pair)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('user-agent', 'User-Agent'), fc.constantFrom(...AGENTS)) },
  );
  return fc
    .record(
      {
        method: fc.constantFrom('GET', 'POST', 'get'),
        host: fc.constantFrom(...HOSTS),
        path: fc.constantFrom(...PATHS).map(toBytes),
        query: queryArbitrary(fc, pair),
        headers: fc.array(line, { maxLength: 4 }).map((lines) => lines.flat()),
        ip: fc.constantFrom(...ADDRESSES, ...MAPPED, ''),
        token: tokenArbitrary(fc),
        geo: fc.dictionary(fc.constantFrom('country', 'city'), fc.constantFrom(...WORDS, ''), { maxKeys: 2 }),
        time: fc.constantFrom(...['2026-12-24', '2026-12-24T18:00:00Z', '2026-12-24T18:00:00.001Z'].map(Date.parse), 0),
      },
      { requiredKeys: ['headers'] },
    )
    .map(requestFacts);
}

function inBytes(text: string): string {
  return /[^\0-\xff]/.test(text) ? toBytes(text) : text;
}

function conditionArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<Condition> {
  const { condition } = fc.letrec<{ condition: Condition }>((tie) => {
    const parts = fc.array(tie('condition'), { minLength: 1, maxLength: 3 });
    return {
      condition: fc.oneof(
        { depthSize: 'small', withCrossShrink: true, maxDepth: 4 },
        { weight: 5, arbitrary: testArbitrary(fc) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('inline', 'few', 'many', 'gone', 'when').map((segment) => ({ segment })),
        },
        { weight: 1, arbitrary: parts.map((all) => ({ all })) },
        { weight: 1, arbitrary: parts.map((any) => ({ any })) },
        { weight: 1, arbitrary: tie('condition').map((not) => ({ not })) },
      ),
    };
  });
  return condition;
}

/** Every operator, each with operands that core accepts. */
function testArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<Condition> {
  const text = fc.constantFrom(...OPERANDS);
  const number = fc.constantFrom(-1, 0, 1, 7, 10, 12.5, 100, 9007199254740992);
  const by = fc.constantFrom(1, 2, 7, 100, 1_000_000_000);
  const remainders = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 3 });
  const network = fc.constantFrom(...NETWORKS, ...MORE_NETWORKS);
  const range = fc.constantFrom(...RANGES, ...MORE_RANGES);
  const time = fc.constantFrom(...TIMES, '2026-12-24T17:59:59.999Z', '2024-02-29');
  const operators: readonly (readonly [string, FastCheck.Arbitrary<unknown>])[] = [
    ['equals', fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant('') })],
    ['equals', text],
    ['in', fc.array(text, { minLength: 1, maxLength: 6 })],
    ['in', fc.array(text, { minLength: 1, maxLength: 6 })],
    ['prefix', text],
    ['prefix', text],
    ['suffix', text],
    ['contains', text],
    ['matches', fc.constantFrom(...EXPRESSIONS)],
    ['exists', fc.boolean()],
    ['gt', number],
    ['gte', number],
    ['lt', number],
    ['lte', number],
    ['range', fc.tuple(number, number).map((bounds) => bounds.sort((a, b) => a - b))],
    ['cidr', fc.oneof(network, fc.array(network, { minLength: 1, maxLength: 3 }))],
    [
      'semver',
      fc.oneof(
        range,
        fc.tuple(range, range).map((both) => both.join(' || ')),
      ),
    ],
    ['mod', fc.tuple(by, remainders).map(([n, rests]) => ({ by: n, in: rests.map((rest) => rest % n) }))],
    ['before', time],
    ['after', time],
  ];
  const test = fc.oneof(...operators.map(([name, operand]) => operand.map((value) => ({ [name]: value }))));
  return fc
    .tuple(fc.constantFrom(...FACTS), test, fc.constantFrom({}, {}, { ignoreCase: true }, { ignoreCase: false }))
    .map(([fact, operator, ignoreCase]) => ({ fact, ...operator, ...ignoreCase }));
}

function splitArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<unknown> {
  const cut = fc.oneof(fc.integer({ min: 0, max: BUCKETS }), fc.constantFrom(...EDGES));
  const cuts = fc.uniqueArray(cut, { minLength: 3, maxLength: 3 });
  const order = fc.constantFrom(['gray', 'blue', 'stable'], ['stable', 'gray'], ['green'], ['blue', 'green', 'gray']);
  return fc
    .tuple(fc.constantFrom(...FACTS, 'attribute.user'), fc.constantFrom({}, { salt: 's' }, { salt: '盐' }), order, cuts)
    .map(([by, salt, lanes, at]) => {
      const ends = at.sort((a, b) => a - b);
      const shares = lanes.map((lane, index) => [lane, ((ends[index] ?? 0) - (ends[index - 1] ?? 0)) / 1000]);
      return { by, ...salt, lanes: Object.fromEntries(shares) };
    });
}

function segmentsArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<unknown> {
  const fact = fc.constantFrom(...FACTS, 'attribute.user');
  const flat = testArbitrary(fc);
  return fc.record({
    inline: fc.record({ fact, in: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 5 }) }),
    few: fc.record({ fact, file: fc.constant('few.txt') }),
    many: fc.record({ fact, file: fc.constant('many.txt') }),
    gone: fc.record({ fact, file: fc.constantFrom('gone.txt', 'empty.txt') }),
    when: fc.record({
      when: fc.oneof(
        flat,
        fc.array(flat, { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      ),
    }),
  });
}

function attributesArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<unknown> {
  const facts = fc.uniqueArray(fc.constantFrom(...PLAIN_FACTS), { minLength: 1, maxLength: 3 });
  return fc.record({ user: facts, place: facts });
}

function tokenArbitrary(fc: typeof FastCheck): FastCheck.Arbitrary<Record<string, unknown>> {
  const text = fc.constantFrom(...WORDS, '');
  const scalar = fc.oneof(text, fc.constantFrom(0, 7, 12.5, -1, 1e21, 100, true, false, null));
  const list = fc.array(fc.oneof(scalar, fc.constantFrom({}, [])), { maxLength: 3 });
  const org = fc.oneof(fc.record({ plan: fc.oneof(scalar, list) }, { requiredKeys: [] }), scalar);
  return fc.record(
    { sub: fc.oneof(scalar, list), org, roles: list, 'org.plan': scalar, a: fc.record({ b: text }), 'a.b': scalar },
    { requiredKeys: [] },
  );
}

type Pair = readonly [name: string, value: string];

function cookieArbitrary(fc: typeof FastCheck, pair: FastCheck.Arbitrary<Pair>): FastCheck.Arbitrary<string> {
  const space = fc.constantFrom('', ' ', ' \t');
  const part = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(space, pair, space)
        .map(([one, [name, value], two]) => `${one}${toBytes(name)}${two}=${one}${value}${two}`),
    },
    { weight: 1, arbitrary: fc.constantFrom('a', '', '=a', 'a=', 'ab=1') },
  );
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(';'));
}

/** Queries as browsers, as careless programs and as attackers write them. */
function queryArbitrary(fc: typeof FastCheck, pair: FastCheck.Arbitrary<Pair>): FastCheck.Arbitrary<string> {
  const percent = (bytes: string): string =>
    bytes.replace(/./gs, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const encode = fc.constantFrom<(bytes: string) => string>(
    (bytes) => bytes.replace(/[^A-Za-z0-9.:-]/g, percent),
    (bytes) => bytes.replace(/[%&=+#]/g, percent).replaceAll(' ', '+'),
    percent,
  );
  const part = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(encode, pair).map(([text, [name, value]]) => `${text(toBytes(name))}=${text(value)}`),
    },
    { weight: 1, arbitrary: fc.constantFrom('a', '', '=a', 'a=', 'a=%', 'a=%4', 'a=%zz', 'a=1=2', 'ab=1', 'a=a+b') },
  );
  return fc.array(part, { maxLength: 3 }).map((parts) => parts.join('&'));
}
