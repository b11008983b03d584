import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAIVE_FILES, policyArbitrary, requestArbitrary } from '../../testkit/test/naive-inputs.ts';
import type { ConditionNode } from '../src/condition.ts';
import { type CompiledPolicy, compilePolicy } from '../src/decide.ts';
import { valuesOf } from '../src/fact-domain.ts';
import { requestFacts } from '../src/facts.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { matchesAnything, matchesEverything } from '../src/regex-total.ts';
import { Solver, witness } from '../src/witness.ts';

function compile(when: unknown): CompiledPolicy {
  return compilePolicy(
    parsePolicy({
      version: 1,
      lanes: { gray: {} },
      attributes: {
        user: ['token.sub', 'header.x-user', 'cookie.uid'],
        device: ['header.x-device', 'agent.device'],
      },
      segments: { s: { when: { fact: 'header.x-s', exists: true } } },
      rules: [{ name: 'r', when, lane: 'gray' }],
    }),
  );
}

const nodeOf = (compiled: CompiledPolicy): ConditionNode => compiled.rules[0]?.when as ConditionNode;

/** Whether a request was found that a condition holds for, or does not; checked once more by the condition. */
function isFound(when: unknown, wanted: boolean): boolean {
  const compiled = compile(when);
  const request = witness(nodeOf(compiled), wanted, compiled);
  if (!request) return false;
  const fresh = compile(when);
  expect(nodeOf(fresh).holds(request)).toBe(wanted);
  return true;
}

const isImpossible = (when: unknown, wanted = true): boolean => {
  const compiled = compile(when);
  return new Solver(compiled, { now: 0 }).isImpossible([{ node: nodeOf(compiled), wanted }]);
};

const H = 'header.x-v';
const CONDITIONS: readonly unknown[] = [
  { fact: H, equals: 'a' },
  { fact: H, equals: '' },
  { fact: H, equals: '北京' },
  { fact: H, in: ['a', 'b'] },
  { fact: H, equals: 'AbC', ignoreCase: true },
  { fact: H, prefix: 'ab' },
  {
    all: [
      { fact: H, prefix: 'abc' },
      { fact: H, suffix: 'bcd' },
      { fact: H, contains: 'x' },
    ],
  },
  { all: [{ fact: H, prefix: 'a' }, { not: { fact: H, equals: 'a' } }, { not: { fact: H, contains: 'x' } }] },
  { fact: H, exists: false },
  { fact: H, gt: 17.5 },
  {
    all: [
      { fact: H, gt: 1 },
      { fact: H, lt: 2 },
    ],
  },
  {
    all: [
      { fact: H, gte: 0.001 },
      { fact: H, lt: 0.0011 },
    ],
  },
  { fact: H, lt: -1e14 },
  { fact: H, range: [18, 30] },
  {
    all: [
      { fact: H, range: [18, 30] },
      { fact: H, mod: { by: 7, in: [3] } },
    ],
  },
  {
    all: [
      { fact: H, mod: { by: 1_000_000_000, in: [999_999_999] } },
      { fact: H, gt: 5_000_000_000 },
    ],
  },
  { all: [{ fact: H, range: [5, 5] }, { not: { fact: H, mod: { by: 1, in: [0] } } }] },
  { fact: 'ip', cidr: '10.0.0.0/8' },
  { all: [{ fact: 'ip', cidr: '10.0.0.0/8' }, { not: { fact: 'ip', cidr: ['10.0.0.0/9', '10.128.0.0/10'] } }] },
  { fact: 'ip', cidr: '2001:db8::/32' },
  { all: [{ fact: 'ip', cidr: '::/0' }, { not: { fact: 'ip', cidr: ['::/1', '8000::/2'] } }] },
  { fact: H, semver: '^2.4.1' },
  {
    all: [
      { fact: H, semver: '>=2.4.1 <2.5.0' },
      { not: { fact: H, semver: '~2.4.1 || 2.5.0-0' } },
      { fact: H, exists: true },
    ],
  },
  {
    all: [
      { fact: H, semver: '>1.2.3-rc.1' },
      { fact: H, semver: '<1.2.3-rc.1.1' },
    ],
  },
  {
    all: [
      { fact: H, semver: '>126.0.6478.127' },
      { fact: H, semver: '<126.0.6478.128' },
    ],
  },
  { fact: 'time', before: '2026-12-24' },
  {
    all: [
      { fact: 'time', after: '2026-12-24T18:00:00Z' },
      { fact: 'time', before: '2026-12-24T18:00:00.001Z' },
    ],
  },
  { fact: H, after: '2026-12-24T18:00:00+08:00' },
  { fact: H, matches: '^emp-[0-9]{4,6}$' },
  { fact: H, matches: '^(?:gray|blue)-\\d+(?:\\.\\d+)?$' },
  { fact: H, matches: '(?i)^[A-F0-9]{8}-[^a-z]+\\w\\s\\p{Greek}?$' },
  {
    all: [
      { fact: 'path', prefix: '/api/' },
      { fact: 'path', matches: '/v[0-9]+/' },
      { fact: 'path', suffix: '.json' },
    ],
  },
  { fact: H, matches: 'a.b\\.c|\\Qx(y\\E|\\x41[[:digit:]]' },
  { fact: 'method', equals: 'DELETE' },
  { fact: 'path', equals: '/a%20b' },
  { fact: 'host', suffix: '.example.com' },
  { fact: 'host', prefix: 'Shop', ignoreCase: true },
  { fact: 'cookie.uid', equals: 'a=b' },
  {
    all: [
      { fact: 'cookie.a', equals: '1' },
      { fact: 'cookie.b', equals: '2' },
    ],
  },
  {
    all: [
      { fact: 'query.a b', equals: 'x&y=z' },
      { fact: 'query.é', equals: '+%' },
    ],
  },
  {
    all: [
      { fact: 'token.sub', equals: 'u1' },
      { fact: 'token.org.plan', equals: 'pro' },
    ],
  },
  {
    all: [
      { fact: 'geo.country', in: ['SG'] },
      { fact: 'geo.city', equals: 'Zürich' },
    ],
  },
  { fact: 'agent.device', equals: 'harmonyos' },
  {
    all: [
      { fact: 'agent.os', equals: 'android' },
      { fact: 'agent.browser', equals: 'samsung' },
      { fact: 'agent.osVersion', semver: '>=14.2' },
    ],
  },
  {
    all: [
      { fact: 'agent.browser', equals: 'wechat' },
      { fact: 'agent.browserVersion', prefix: '8.0.' },
      { fact: 'agent.device', equals: 'ios' },
    ],
  },
  {
    all: [
      { fact: 'agent.os', equals: 'linux' },
      { fact: 'agent.osVersion', exists: false },
      { fact: 'agent.device', equals: 'bot' },
    ],
  },
  {
    all: [
      { fact: 'header.user-agent', exists: true },
      { fact: 'agent.device', exists: false },
    ],
  },
  {
    all: [
      { fact: 'attribute.user', equals: 'u1' },
      { fact: 'token.sub', exists: false },
    ],
  },
  {
    all: [
      { fact: 'attribute.user', equals: 'u1' },
      { fact: 'token.sub', equals: '' },
      { fact: 'header.x-user', exists: false },
    ],
  },
  {
    all: [
      { fact: 'attribute.user', exists: false },
      { fact: 'cookie.uid', exists: true },
    ],
  },
  {
    all: [
      { fact: 'attribute.device', equals: 'ios' },
      { fact: 'header.x-device', exists: false },
    ],
  },
  { all: [{ segment: 's' }, { not: { any: [{ fact: H, equals: 'a' }, { not: { fact: H, exists: true } }] } }] },
];

describe('a witness', () => {
  it.each(CONDITIONS.map((when) => [JSON.stringify(when), when]))('is found for and against %s', (_, when) => {
    expect(isFound(when, true)).toBe(true);
    expect(isFound(when, false)).toBe(true);
  });

  it('of nothing much is an ordinary request', () => {
    const compiled = compile({ not: { fact: H, equals: 'a' } });
    const now = Date.parse('2026-11-21');
    expect(witness(nodeOf(compiled), true, compiled, { now })).toEqual(requestFacts({ time: now }));
  });

  it('is not made up where there is none', () => {
    const compiled = compile({
      all: [
        { fact: H, equals: 'a' },
        { fact: H, equals: 'b' },
      ],
    });
    expect(witness(nodeOf(compiled), true, compiled)).toBeUndefined();
  });

  it('is not looked for where a segment is unknown', () => {
    const compiled = compile({ any: [{ segment: 's' }, { fact: H, equals: 'a' }] });
    const solver = new Solver(compiled, { now: 0, unknownSegments: new Set(['s']) });
    const node = nodeOf(compiled);
    expect(solver.solve([{ node, wanted: true }])).toMatchObject({ request: { headers: ['x-v', 'a'] } });
    expect(solver.solve([{ node, wanted: false }])).toEqual({ kind: 'unknown' });
  });
});

describe('a proof', () => {
  it.each([
    [
      'the last number',
      {
        all: [
          { fact: H, gt: 4 },
          { fact: H, lt: 6 },
          { fact: H, mod: { by: 5, in: [1] } },
        ],
      },
    ],
    [
      'halves that make a whole',
      { all: [{ fact: 'ip', cidr: '10.0.0.0/8' }, { not: { fact: 'ip', cidr: ['10.0.0.0/9', '10.128.0.0/9'] } }] },
    ],
    [
      'addresses of IPv4 that are written as IPv6',
      {
        all: [
          { fact: 'ip', cidr: '::ffff:0:0/96' },
          { fact: 'ip', cidr: '::/0' },
        ],
      },
    ],
    [
      'versions with nothing between them',
      {
        all: [
          { fact: H, semver: '>1.2.3-rc.1' },
          { fact: H, semver: '<1.2.3-rc.1.0' },
        ],
      },
    ],
    [
      'cases',
      {
        any: [1, 2, 3].map((n) => ({ all: [{ fact: H, equals: `${n}` }, { not: { fact: H, in: ['1', '2', '3'] } }] })),
      },
    ],
    [
      'facts of an attribute',
      {
        all: [
          { fact: 'attribute.user', equals: 'u1' },
          { fact: 'attribute.user', prefix: 'v' },
        ],
      },
    ],
    [
      'an attribute and its first fact',
      {
        all: [
          { fact: 'attribute.user', equals: 'u1' },
          { fact: 'token.sub', equals: 'u2' },
        ],
      },
    ],
    [
      'an attribute without its facts',
      {
        all: [
          { fact: 'attribute.user', exists: true },
          ...['token.sub', 'header.x-user', 'cookie.uid'].map((fact) => ({ fact, exists: false })),
        ],
      },
    ],
    [
      'values in any case',
      {
        all: [
          { fact: H, in: ['A', 'b'], ignoreCase: true },
          { not: { fact: H, contains: 'B', ignoreCase: true } },
          { not: { fact: H, equals: 'a', ignoreCase: true } },
        ],
      },
    ],
  ])('sees through %s', (_, when) => {
    expect(isImpossible(when)).toBe(true);
  });

  it.each([
    ['another way to write a number', { all: [{ fact: H, range: [5, 5] }, { not: { fact: H, equals: '5' } }] }],
    ['another case', { all: [{ fact: H, equals: 'a', ignoreCase: true }, { not: { fact: H, equals: 'a' } }] }],
    [
      'expressions that exclude each other',
      {
        all: [
          { fact: H, matches: '^a+$' },
          { fact: H, matches: '^b+$' },
        ],
      },
    ],
    [
      'a value that is no number',
      {
        not: {
          any: [
            { fact: H, lt: 5 },
            { fact: H, gte: 5 },
          ],
        },
      },
    ],
  ])('is not claimed for %s', (_, when) => {
    expect(isImpossible(when)).toBe(false);
  });

  it('is never contradicted: what is said to be impossible is so for thousands of requests, and few are not told', () => {
    const requests = fc.sample(requestArbitrary(fc), { numRuns: 2_000, seed: 3 });
    const tally = { request: 0, none: 0, unknown: 0 };
    fc.assert(
      fc.property(policyArbitrary(fc), (policy) => {
        const compiled = compilePolicy(policy, NAIVE_FILES);
        const solver = new Solver(compiled, { now: 0 });
        for (const { when } of compiled.rules)
          for (const wanted of when ? [true, false] : []) {
            const node = when as ConditionNode;
            const answer = solver.solve([{ node, wanted }]);
            tally[answer.kind]++;
            if (answer.kind === 'request') expect(solver.holds(node, answer.request)).toBe(wanted);
            if (answer.kind === 'none')
              for (const request of requests) expect(solver.holds(node, request)).toBe(!wanted);
          }
      }),
      { numRuns: 50 },
    );
    expect(tally.none).toBeGreaterThan(10);
    expect(tally.unknown).toBeLessThan(tally.request / 20);
  });
});

describe('an expression', () => {
  it.each(['.*', '^', '$', 'a*', '(a|b)?', '^.*', '.*$', '\\z', 'x|', '[^a]*', '(?i)a*', '\\d*'])(
    '%s matches everything',
    (source) => {
      expect([matchesEverything(source), matchesAnything(source)]).toEqual([true, true]);
    },
  );

  it.each(['^$', 'a', '.+', '^a*$', '\\b', '^a', 'a$', '\\$', '\\.*x', '[.*]', '(^a)*$|b', '^.+$'])(
    '%s does not',
    (source) => {
      expect([matchesEverything(source), matchesAnything(source)]).toEqual([false, false]);
    },
  );

  it.each(['^.*$', '^(.*)$', '\\A(?:.*)\\z', '^.*?$'])('%s only refuses line breaks', (source) => {
    expect([matchesEverything(source), matchesAnything(source)]).toEqual([false, true]);
  });
});

it('the facts that have few values have those of the tables that they are read by', () => {
  const tables = readFileSync(new URL('../src/agent.ts', import.meta.url), 'utf8');
  const namesIn = (table: string): string[] => {
    const [, rows = ''] = new RegExp(`const ${table}: [^=]+= \\[([\\s\\S]*?)\\n\\];`).exec(tables) ?? [];
    return [...rows.matchAll(/\['[^']+', '([^']+)'/g)].map((match) => match[1] as string);
  };
  for (const [fact, table] of [
    ['agent.device', 'DEVICES'],
    ['agent.os', 'SYSTEMS'],
    ['agent.browser', 'BROWSERS'],
  ] as const)
    expect(new Set(valuesOf(fact))).toEqual(new Set(namesIn(table)));
});
