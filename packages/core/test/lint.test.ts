import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAIVE_FILES, policyArbitrary, requestArbitrary } from '../../testkit/test/naive-inputs.ts';
import { type CompiledPolicy, compilePolicy, decide } from '../src/decide.ts';
import { isGraylaneError } from '../src/errors.ts';
import type { RequestFacts } from '../src/facts.ts';
import { FINDINGS, type Finding } from '../src/finding.ts';
import { lintPolicy } from '../src/lint.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import type { SegmentFiles } from '../src/parse-segments.ts';
import { formatPath } from '../src/shape.ts';
import { NOW, PLANTED, type Planted, SOUND } from './planted-mistakes.ts';

const FILES: SegmentFiles = new Map([
  ['beta.txt', ['b1', 'b2', 'b3']],
  ['empty.txt', []],
]);

/** What is said of a policy, mistakes and findings alike, as `code path`. */
function said(input: unknown): string[] {
  try {
    return lintPolicy(parsePolicy(input), { now: NOW, files: FILES }).map(
      ({ code, path }) => `${code} ${formatPath(path)}`,
    );
  } catch (error) {
    if (!isGraylaneError(error, 'GL_POLICY_INVALID')) throw error;
    return error.issues.map(({ path }) => `mistake ${path}`);
  }
}

/** The sound policy with something put into a place of it. */
function planted([, place, value]: Planted): unknown {
  const policy = structuredClone(SOUND) as unknown;
  const keys = [...place];
  const last = keys.pop() as string | number;
  const insert = last === '<' ? (keys.pop() as number) : undefined;
  const parent = keys.reduce((inner, key) => (inner as Record<string, unknown>)[key], policy);
  if (insert !== undefined) (parent as unknown[]).splice(insert, 0, value);
  else if (last === '+') (parent as unknown[]).push(value);
  else if (value === undefined && Array.isArray(parent)) parent.splice(last as number, 1);
  else if (value === undefined) delete (parent as Record<string, unknown>)[last];
  else (parent as Record<string, unknown>)[last] = value;
  return policy;
}

describe('of 200 planted mistakes each is found, and nothing else is', () => {
  it('the policy that they are planted in has none', () => {
    expect(said(SOUND)).toEqual([]);
  });

  it('there are 200 of them, of 50 kinds', () => {
    expect(PLANTED.length).toBeGreaterThanOrEqual(200);
    expect(new Set(PLANTED.map(([kind]) => kind)).size).toBeGreaterThanOrEqual(50);
    expect(new Set(PLANTED.map(([, place, value]) => JSON.stringify([place, value]))).size).toBe(PLANTED.length);
  });

  it.each(PLANTED.map((row, index) => [index, row[0], JSON.stringify(row.slice(1, 3)).slice(0, 120), row] as const))(
    '%i %s: %s',
    (_index, _kind, _what, row) => {
      const [, , , ...expected] = row;
      expect(said(planted(row)).sort()).toEqual(expected.map(([code, path]) => `${code} ${path}`).sort());
    },
  );
});

const compile = (input: unknown, files: SegmentFiles = FILES): CompiledPolicy =>
  compilePolicy(parsePolicy(input), files);

/** The findings of a policy with two lanes, an attribute and these rules. */
function findingsOf(rules: readonly unknown[], more: object = {}): readonly Finding[] {
  const policy = {
    version: 1,
    lanes: { gray: {}, blue: {} },
    attributes: { user: ['header.x-user', 'cookie.uid'] },
    ...more,
  };
  return lintPolicy(parsePolicy({ ...policy, rules }), { now: NOW, files: FILES }).filter(
    ({ code }) => !code.startsWith('unused'),
  );
}

const only = (findings: readonly Finding[]): Finding => {
  expect(findings).toHaveLength(1);
  return findings[0] as Finding;
};

describe('a finding', () => {
  it('is as severe as its kind is', () => {
    for (const { code, severity } of findingsOf([
      { name: 'a', lane: 'gray' },
      { name: 'b', lane: 'blue' },
    ]))
      expect(severity).toBe(FINDINGS[code].severity);
    expect(new Set(Object.values(FINDINGS).map(({ severity }) => severity))).toEqual(new Set(['warning', 'note']));
  });

  it('of a rule that is never reached names the rule in front, and shows a request', () => {
    const user = (name: string): object => ({ fact: 'attribute.user', equals: name });
    const { message, witness } = only(
      findingsOf([
        { name: 'both', when: { any: [user('a'), user('b')] }, lane: 'gray' },
        { name: 'one', when: user('b'), lane: 'blue' },
      ]),
    );
    expect(message).toBe('no request gets here: the rule "both" in front of it takes all that match');
    expect(witness).toMatchObject({ headers: ['x-user', 'b'] });
  });

  it('of a rule that several rules together leave nothing names these and no other', () => {
    const { message } = only(
      findingsOf([
        { name: 'low', when: { fact: 'query.n', lt: 10 }, lane: 'gray' },
        { name: 'aside', when: { fact: 'header.x-aside', exists: true }, lane: 'gray' },
        { name: 'high', when: { fact: 'query.n', gte: 10 }, lane: 'gray' },
        { name: 'seven', when: { fact: 'query.n', range: [7, 12] }, lane: 'gray' },
      ]),
    );
    expect(message).toBe(
      'no request gets here: the rules "low" and "high" in front of it together take all that match',
    );
  });

  it.each([
    ['equal conditions', { fact: 'path', prefix: '/a' }, { fact: 'path', prefix: '/a' }],
    ['a list and a part of it', { fact: 'query.a', in: ['x', 'y', 'z'] }, { fact: 'query.a', in: ['z', 'x'] }],
    ['a list and one of it', { fact: 'query.a', in: ['x', 'y'] }, { fact: 'query.a', equals: 'y' }],
    ['a beginning of a beginning', { fact: 'path', prefix: '/api' }, { fact: 'path', prefix: '/api/v1' }],
    ['a segment', { segment: 's' }, { segment: 's' }],
    ['a segment and what it asks for', { segment: 's' }, { fact: 'ip', equals: '10.0.0.2' }],
    ['more alternatives', { any: [{ fact: 'query.a', exists: true }, { segment: 's' }] }, { segment: 's' }],
    ['fewer demands', { fact: 'query.a', exists: true }, { all: [{ segment: 's' }, { fact: 'query.a', equals: '1' }] }],
    ['any case', { fact: 'query.a', equals: 'Abc', ignoreCase: true }, { fact: 'query.a', in: ['ABC', 'abc'] }],
    ['a wider range', { fact: 'query.a', gte: 18 }, { fact: 'query.a', range: [18.5, 30] }],
    ['a wider network', { fact: 'ip', cidr: '10.0.0.0/8' }, { fact: 'ip', cidr: ['10.1.0.0/16', '10.2.0.0/16'] }],
    [
      'two halves of a network',
      { fact: 'ip', cidr: ['10.0.0.0/9', '10.128.0.0/9'] },
      { fact: 'ip', cidr: '10.0.0.0/8' },
    ],
    ['more versions', { fact: 'query.a', semver: '>=2' }, { fact: 'query.a', semver: '^2.4 || ~3.1' }],
    ['more remainders', { fact: 'query.a', mod: { by: 2, in: [0] } }, { fact: 'query.a', mod: { by: 4, in: [0, 2] } }],
    ['a longer time', { fact: 'time', before: '2027-01-01' }, { all: [{ fact: 'time', before: '2026-12-24' }] }],
    ['the same expression', { fact: 'query.a', matches: '^a+$' }, { fact: 'query.a', matches: '^a+$' }],
    ['what the expression finds', { fact: 'query.a', matches: '^a+$' }, { fact: 'query.a', in: ['a', 'aa'] }],
    ['a complement', { not: { fact: 'query.a', equals: 'x' } }, { not: { fact: 'query.a', exists: true } }],
  ])('sees that a rule takes all of a later one by %s', (_, first, second) => {
    const segments = { s: { fact: 'ip', in: ['10.0.0.1', '10.0.0.2'] } };
    const rules = [
      { name: 'first', when: first, lane: 'gray' },
      { name: 'second', when: second, lane: 'blue' },
    ];
    expect(findingsOf(rules, { segments }).map(({ code }) => code)).toContain('never-reached');
  });

  it.each([
    ['another list', { fact: 'query.a', in: ['x', 'y'] }, { fact: 'query.a', in: ['y', 'z'] }],
    ['a longer beginning', { fact: 'path', prefix: '/api/v1' }, { fact: 'path', prefix: '/api' }],
    ['any case against one', { fact: 'query.a', equals: 'abc' }, { fact: 'query.a', equals: 'abc', ignoreCase: true }],
    ['ranges that miss a point', { fact: 'query.a', gt: 18 }, { fact: 'query.a', range: [18, 30] }],
    ['a half of a network', { fact: 'ip', cidr: '10.0.0.0/9' }, { fact: 'ip', cidr: '10.0.0.0/8' }],
    ['numbers and texts that look like them', { fact: 'query.a', equals: '7' }, { fact: 'query.a', range: [7, 7] }],
    ['a missing value', { fact: 'query.a', exists: true }, { not: { fact: 'query.a', equals: 'x' } }],
    ['versions before a release', { fact: 'query.a', semver: '>=2' }, { fact: 'query.a', semver: '>=2-rc.1' }],
  ])('does not take %s for all', (_, first, second) => {
    const rules = [
      { name: 'first', when: first, lane: 'gray' },
      { name: 'second', when: second, lane: 'blue' },
    ];
    expect(findingsOf(rules).map(({ code }) => code)).not.toContain('never-reached');
  });

  it('of an overlap shows a request that the earlier rule takes and the later one would send elsewhere', () => {
    const rules = [
      { name: 'first', when: { fact: 'header.x-a', equals: '1' }, lane: 'gray' },
      {
        name: 'second',
        when: { fact: 'geo.country', in: ['SG'] },
        split: { by: 'attribute.user', lanes: { blue: 5 } },
      },
    ];
    const { code, message, witness } = only(findingsOf(rules));
    expect([code, message]).toEqual([
      'overlap',
      'the rule "first" in front of it sends some of these requests to gray',
    ]);
    expect(witness).toMatchObject({ headers: ['x-a', '1'], geo: { country: 'SG' } });
  });

  it.each([
    ['the same lane', { fact: 'query.a', exists: true }, 'gray', { fact: 'query.b', exists: true }, 'gray'],
    ['an exception in front', { fact: 'query.a', equals: '1' }, 'blue', { fact: 'query.a', exists: true }, 'gray'],
    [
      'requests that are kept out',
      { fact: 'query.a', exists: true },
      'stable',
      { fact: 'query.b', exists: true },
      'gray',
    ],
    ['a rule for the rest', { fact: 'query.a', exists: true }, 'blue', undefined, 'gray'],
    ['conditions that exclude each other', { fact: 'query.a', lt: 5 }, 'blue', { fact: 'query.a', gt: 5 }, 'gray'],
  ])('is not made of %s', (_, first, firstLane, second, secondLane) => {
    const rules = [
      { name: 'first', when: first, lane: firstLane },
      { name: 'second', ...(second && { when: second }), lane: secondLane },
    ];
    expect(findingsOf(rules)).toEqual([]);
  });

  it('says why nothing fulfils a condition', () => {
    const why = (when: unknown): string => only(findingsOf([{ name: 'r', when, lane: 'gray' }])).message;
    const tests = [{ fact: 'query.b', exists: true }, { fact: 'query.a', gt: 5 }, { not: { fact: 'query.a', gte: 3 } }];
    expect(why({ all: tests })).toBe(
      'no request can fulfil this: query.a gt 5 and not query.a gte 3 exclude each other',
    );
    expect(why({ fact: 'agent.os', equals: 'iOS' })).toBe(
      'no request can fulfil this: agent.os is never "iOS": it is one of ios, android, windows, macos, linux, chromeos, harmonyos',
    );
    expect(why({ fact: 'host', suffix: '.Example.com' })).toBe(
      'no request can fulfil this: host suffix ".Example.com" is never so: it is compared in lower case',
    );
  });

  it('stands in the order of the policy', () => {
    const policy = {
      ...SOUND,
      lanes: { ...SOUND.lanes, red: {} },
      segments: { ...SOUND.segments, more: { fact: 'ip', in: ['10.0.0.1', '10.0.0.1'] } },
      rules: [{ name: 'new', lane: 'gray' }, ...SOUND.rules.slice(0, 2)],
    };
    const all = lintPolicy(parsePolicy(policy), { now: Date.parse('2030-01-01') });
    const places = all.map(({ path }) => formatPath(path).replace(/\.?[a-z-]+$/, ''));
    expect(places.join(' ')).toMatch(/^(?:lanes\S* )+(?:attributes )+(?:segments\S* )+rules\[1\] rules\[2\]$/);
  });
});

describe('segment files', () => {
  const policy = {
    version: 1,
    lanes: { gray: {} },
    segments: { s: { fact: 'ip', file: 'empty.txt' } },
    rules: [{ name: 'r', when: { segment: 's' }, lane: 'gray' }],
  };
  const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

  it('that were not handed in are unknown, and nothing is said that depends on them', () => {
    expect(lintPolicy(parsePolicy(policy), { now: NOW })).toEqual([]);
    expect(lintPolicy(compile(policy, new Map()), { now: NOW, files: new Map() })).toEqual([]);
  });

  it('that were compiled in are what they were then', () => {
    expect(codes(lintPolicy(compile(policy), { now: NOW }))).toEqual(['empty-segment', 'never-holds']);
    expect(codes(lintPolicy(compile(policy, new Map([['empty.txt', ['10.0.0.1']]])), { now: NOW }))).toEqual([]);
  });

  it('leave rules that depend on them unjudged, even behind one for everybody', () => {
    const rules = [
      ...policy.rules,
      { name: 'all', lane: 'gray' },
      { name: 'late', when: { segment: 's' }, lane: 'gray' },
    ];
    const findings = lintPolicy(parsePolicy({ ...policy, rules }), { now: NOW });
    expect(findings.map(({ code, path }) => [code, path[1]])).toEqual([]);
  });
});

describe('beside the policy before it', () => {
  const before = (change: (policy: typeof SOUND) => void): unknown => {
    const policy = structuredClone(SOUND);
    change(policy);
    return policy;
  };
  const changes = (old: unknown, next: unknown = SOUND): string[] =>
    lintPolicy(compile(next), { now: NOW, before: compile(old) }).map(
      ({ code, path, message }) => `${code} ${formatPath(path)}: ${message}`,
    );
  const ramp = (rule: object): unknown => before((policy) => Object.assign(policy.rules.at(-1) as object, rule));

  it('the same policy moves nobody', () => {
    expect(changes(SOUND)).toEqual([]);
  });

  it('a share that grows or shrinks moves nobody from one lane to another', () => {
    for (const gray of [0, 1, 50, 100])
      expect(changes(ramp({ split: { by: 'attribute.user', lanes: { gray } } }))).toEqual([]);
  });

  it.each([
    [
      'a salt',
      ramp({ split: { by: 'attribute.user', salt: 'old', lanes: { gray: 50 } } }),
      'users-move rules[6].split: the salt was "old" and is "ramp": users are drawn anew, and about 47.5 % of them leave the lane they are in',
    ],
    [
      'a key',
      ramp({ split: { by: 'ip', lanes: { gray: 5 } } }),
      'users-move rules[6].split.by: the key was ip and is attribute.user: users are drawn anew, and about 4.75 % of them leave the lane they are in',
    ],
    [
      'the order of lanes',
      before((policy) => Object.assign(policy.rules[3]?.split as object, { lanes: { green: 5, blue: 10 } })),
      'users-move rules[3].split.lanes: 10 % of users go from one lane to another: ranges follow the order of the lanes',
    ],
    [
      'a name that is the salt',
      ramp({ name: 'slope' }),
      'users-move rules[6].name: was "slope", and the name is the salt: users are drawn anew, and about 4.75 % of them leave the lane they are in; write salt: "slope" to keep them',
    ],
    [
      'a lane that is gone',
      before((policy) => Object.assign(policy.lanes, { red: {} })),
      'lane-removed lanes.red: red is gone: instances that still have it serve nobody, and requests that still carry it are picked as stable; declare it with enabled: false until both are gone',
    ],
  ])('%s that changed is reported', (_, old, expected) => {
    expect(changes(old)).toEqual([expected]);
  });

  it('a lane that was switched off may go, and a split that gave nothing may change', () => {
    expect(changes(before((policy) => Object.assign(policy.lanes, { red: { enabled: false } })))).toEqual([]);
    expect(changes(ramp({ split: { by: 'ip', salt: 'x', lanes: { gray: 0 } } }))).toEqual([]);
  });
});

describe('whatever the policy', () => {
  const requests = fc.sample(requestArbitrary(fc), { numRuns: 3_000, seed: 1 });
  const ruleOf = (compiled: CompiledPolicy, request: RequestFacts): string | undefined => {
    const decision = decide(compiled, request);
    return 'rule' in decision ? decision.rule : undefined;
  };

  it('a rule that is reported as never reached, or whose condition never holds, decides none of thousands of requests', () => {
    let reported = 0;
    fc.assert(
      fc.property(policyArbitrary(fc), (policy) => {
        const compiled = compile(policy, NAIVE_FILES);
        const dead = lintPolicy(compiled, { now: NOW })
          .filter(({ code, path }) => code === 'never-reached' || (code === 'never-holds' && path.length === 3))
          .flatMap(({ path }) => compiled.rules[path[1] as number]?.name ?? []);
        reported += dead.length;
        if (dead.length === 0) return;
        const deciding = new Set(requests.map((request) => ruleOf(compiled, request)));
        for (const name of dead) expect(deciding).not.toContain(name);
      }),
      { numRuns: 60 },
    );
    expect(reported).toBeGreaterThan(10);
  });

  it('a condition that is reported as always or never holding does so for thousands of requests', () => {
    fc.assert(
      fc.property(policyArbitrary(fc), (policy) => {
        const compiled = compile(policy, NAIVE_FILES);
        for (const { code, path } of lintPolicy(compiled, { now: NOW })) {
          const when = path.length === 3 && path[0] === 'rules' ? compiled.rules[path[1] as number]?.when : undefined;
          if (!when || (code !== 'always-holds' && code !== 'never-holds')) continue;
          for (const request of requests.slice(0, 1_500)) {
            compiled.facts.begin();
            expect(when.holds(request)).toBe(code === 'always-holds');
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('every witness shows what it is for, by a policy that was compiled anew', () => {
    const shown = new Map<string, number>();
    fc.assert(
      fc.property(policyArbitrary(fc), (policy) => {
        for (const { code, path, witness } of lintPolicy(compile(policy, NAIVE_FILES), { now: NOW })) {
          if (code === 'never-reached' || code === 'overlap') expect(witness).toBeDefined();
          if (!witness || path[0] !== 'rules') continue;
          const fresh = compile(policy, NAIVE_FILES);
          const rule = path[1] as number;
          const decided = fresh.rules.findIndex(({ name }) => name === ruleOf(fresh, witness));
          fresh.facts.begin();
          const holds = fresh.rules[rule]?.when?.holds(witness) ?? true;
          shown.set(code, (shown.get(code) ?? 0) + 1);
          if (code === 'never-reached' || code === 'overlap') {
            expect(holds).toBe(true);
            expect(decided).toBeGreaterThanOrEqual(0);
            expect(decided).toBeLessThan(rule);
          }
          if (code === 'always-holds' && path.length === 3) expect(holds).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
    expect(shown.get('never-reached')).toBeGreaterThan(2);
    expect(shown.get('overlap')).toBeGreaterThan(20);
  });

  it('that was never asked so much, it says that it did not compare everything', () => {
    const findings = lintPolicy(compile(SOUND), { now: NOW, effort: 50 });
    expect(findings.map(({ code }) => code)).toContain('not-all-checked');
  });
});
