import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAIVE_FILES, policyArbitrary, requestArbitrary } from '../../testkit/test/naive-inputs.ts';
import { BUCKETS, bucketOf } from '../src/bucket.ts';
import { type CompiledPolicy, compilePolicy, decide } from '../src/decide.ts';
import { diffPolicies, type PolicyDiff } from '../src/diff-policies.ts';
import { requestFacts } from '../src/facts.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { replaySplit } from '../src/replay-split.ts';
import { formatShare } from '../src/share.ts';

type Shares = Readonly<Record<string, number>>;

const policy = (rules: readonly unknown[], more: object = {}): CompiledPolicy =>
  compilePolicy(parsePolicy({ version: 1, lanes: { gray: {}, blue: {} }, rules, ...more }));

const split = (lanes: Shares, more: object = {}): CompiledPolicy =>
  policy([{ name: 'ramp', split: { by: 'header.x-user', lanes, ...more } }]);

const movesOf = ({ splits }: PolicyDiff): string[] =>
  splits.flatMap(({ rule, moves }) =>
    moves.map(({ from, to, buckets }) => `${rule}: ${formatShare(buckets)} ${from} to ${to}`),
  );

const user = (name: string): ReturnType<typeof requestFacts> => requestFacts({ headers: ['x-user', name] });

describe('what is different', () => {
  it('is nothing between a policy and itself, however it is written', () => {
    const diff = diffPolicies(split({ gray: 5 }), split({ gray: 5.0 }).policy);
    expect(diff).toEqual({
      same: true,
      ...Object.fromEntries(
        ['lanes', 'attributes', 'segments', 'services'].map((name) => [name, { added: [], removed: [], changed: [] }]),
      ),
      rules: [],
      splits: [],
      sample: undefined,
    });
  });

  it('is told for lanes, attributes, segments and services by name and field', () => {
    const before = policy([], {
      lanes: { gray: { owner: 'a', expires: '2027-01-01' }, blue: {} },
      attributes: { user: ['ip'] },
      segments: { s: { fact: 'ip', in: ['1'] }, t: { fact: 'ip', in: ['1'] } },
    });
    const after = policy([], {
      lanes: { gray: { owner: 'b', expires: '2027-01-01', strict: true }, green: {} },
      attributes: { user: ['ip', 'cookie.u'] },
      segments: { s: { fact: 'ip', in: ['1', '2'] } },
      services: { pay: { minReady: 2 } },
    });
    const { same, lanes, attributes, segments, services } = diffPolicies(before, after);
    expect({ same, lanes, attributes, segments, services }).toEqual({
      same: false,
      lanes: { added: ['green'], removed: ['blue'], changed: [{ name: 'gray', fields: ['owner', 'strict'] }] },
      attributes: { added: [], removed: [], changed: [{ name: 'user', fields: [] }] },
      segments: { added: [], removed: ['t'], changed: [{ name: 's', fields: ['in'] }] },
      services: { added: ['pay'], removed: [], changed: [] },
    });
  });

  const named = (...names: string[]): CompiledPolicy =>
    policy(
      names.map((name, n) => ({
        name,
        when: { fact: 'path', equals: `/${name.at(-1)}` },
        lane: n < 9 ? 'gray' : 'blue',
      })),
    );

  it.each([
    ['a rule is added', named('a', 'c'), named('a', 'b', 'c'), [{ kind: 'added', name: 'b', to: 1 }]],
    ['a rule is removed', named('a', 'b', 'c'), named('a', 'c'), [{ kind: 'removed', name: 'b', from: 1 }]],
    [
      'one rule moves',
      named('a', 'b', 'c', 'd'),
      named('d', 'a', 'b', 'c'),
      [{ kind: 'moved', name: 'd', from: 3, to: 0 }],
    ],
    ['two rules change places', named('a', 'b'), named('b', 'a'), [{ kind: 'moved', name: 'b', from: 1, to: 0 }]],
    [
      'a rule has another name',
      named('a', 'b'),
      named('a', 'x-b'),
      [{ kind: 'renamed', name: 'x-b', was: 'b', from: 1, to: 1 }],
    ],
  ])('is told when %s', (_, before, after, expected) => {
    expect(diffPolicies(before, after).rules).toEqual(expected);
  });

  it('is told of a rule that changes and moves at once', () => {
    const before = policy([
      { name: 'a', lane: 'gray' },
      { name: 'b', when: { fact: 'ip', exists: true }, lane: 'gray' },
      { name: 'c', lane: 'gray' },
    ]);
    const after = policy([
      { name: 'b', lane: 'blue' },
      { name: 'a', lane: 'gray' },
      { name: 'c', lane: 'gray', description: 'new' },
    ]);
    expect(diffPolicies(before, after).rules).toEqual([
      { kind: 'changed', name: 'b', to: 0, fields: ['when', 'lane'] },
      { kind: 'moved', name: 'b', from: 1, to: 0 },
      { kind: 'changed', name: 'c', to: 2, fields: ['description'] },
    ]);
  });
});

describe('the share of users who change lane', () => {
  it.each<[string, Shares, Shares, string[]]>([
    ['grows', { gray: 5 }, { gray: 20 }, ['ramp: 15 % stable to gray']],
    ['shrinks', { gray: 20 }, { gray: 5 }, ['ramp: 15 % gray to stable']],
    ['grows by a bucket', { gray: 5 }, { gray: 5.001 }, ['ramp: 0.001 % stable to gray']],
    [
      'pushes the next lane on',
      { gray: 5, blue: 5 },
      { gray: 8, blue: 5 },
      ['ramp: 3 % blue to gray', 'ramp: 3 % stable to blue'],
    ],
    [
      'changes the order',
      { gray: 10, blue: 10 },
      { blue: 10, gray: 10 },
      ['ramp: 10 % gray to blue', 'ramp: 10 % blue to gray'],
    ],
    ['names another lane', { gray: 10 }, { blue: 10 }, ['ramp: 10 % gray to blue']],
    ['adds a lane of nobody', { gray: 10 }, { gray: 10, blue: 0 }, []],
    ['writes stable out', { gray: 10 }, { gray: 10, stable: 90 }, []],
  ])('is exact where a split %s', (_, before, after, expected) => {
    expect(movesOf(diffPolicies(split(before), split(after)))).toEqual(expected);
  });

  it('is exact where a split becomes a lane, or a lane a split', () => {
    const all = policy([{ name: 'ramp', lane: 'gray' }]);
    expect(movesOf(diffPolicies(split({ gray: 30 }), all))).toEqual(['ramp: 70 % stable to gray']);
    expect(movesOf(diffPolicies(all, split({ gray: 30 })))).toEqual(['ramp: 70 % gray to stable']);
  });

  it('is an expectation where the salt or the key changes, and keys that were tried bear it out', () => {
    const [salted] = diffPolicies(split({ gray: 50 }), split({ gray: 50 }, { salt: 'new' })).splits;
    expect(salted).toMatchObject({
      basis: 'salt',
      moves: [
        { from: 'gray', to: 'stable', buckets: 25_000 },
        { from: 'stable', to: 'gray', buckets: 25_000 },
      ],
    });
    const [keyed] = diffPolicies(split({ gray: 50 }), split({ gray: 50 }, { by: 'ip' })).splits;
    expect(keyed).toMatchObject({ basis: 'key', moves: salted?.moves });
    for (const change of [salted, keyed])
      for (const { keys } of change?.replay?.moves ?? []) expect(Math.abs(keys / 20_000 - 0.25)).toBeLessThan(0.02);
    expect(salted?.replay?.moves).toHaveLength(2);
  });

  it('is that of a new name too, which is a new salt', () => {
    const after = policy([{ name: 'slope', split: { by: 'header.x-user', lanes: { gray: 50 } } }]);
    const diff = diffPolicies(split({ gray: 50 }), after);
    expect(diff.rules).toEqual([{ kind: 'renamed', name: 'slope', was: 'ramp', from: 0, to: 0 }]);
    expect(diff.splits).toMatchObject([{ rule: 'slope', basis: 'salt' }]);
  });

  const shares = fc
    .tuple(fc.nat(40_000), fc.nat(30_000), fc.nat(30_000), fc.boolean())
    .map(([gray, blue, stable, turned]): Shares => {
      const list = [
        ['gray', gray / 1000],
        ['stable', stable / 1000],
        ['blue', blue / 1000],
      ] as const;
      return Object.fromEntries(turned ? [...list].reverse() : list);
    });

  it('is to the bucket what each user meets, whatever the shares', () => {
    fc.assert(
      fc.property(shares, shares, (one, other) => {
        const [before, after] = [split(one), split(other)];
        const moves = diffPolicies(before, after).splits[0]?.moves ?? [];
        const met = new Map<string, Set<number>>();
        for (let n = 0; n < 1_500; n++) {
          const [from, to] = [decide(before, user(`${n}`)).lane, decide(after, user(`${n}`)).lane];
          const name = `${from} ${to}`;
          if (from !== to) met.set(name, (met.get(name) ?? new Set()).add(bucketOf('ramp', `${n}`)));
        }
        const foretold = new Map(moves.map(({ from, to, buckets }) => [`${from} ${to}`, buckets]));
        for (const [name, buckets] of met) expect(foretold.get(name)).toBeGreaterThanOrEqual(buckets.size);
        // 1,500 users: five standard deviations are at most 6.5 per cent.
        for (const [name, buckets] of foretold)
          expect(Math.abs(buckets / BUCKETS - (met.get(name)?.size ?? 0) / 1_500)).toBeLessThan(0.07);
      }),
      { numRuns: 60 },
    );
  });

  it('is what a replay finds, exact or expected', () => {
    const salt = fc.constantFrom('a', 'b');
    fc.assert(
      fc.property(shares, shares, salt, salt, (one, other, oldSalt, newSalt) => {
        const [before, after] = [split(one, { salt: oldSalt }), split(other, { salt: newSalt })];
        const foretold = new Map(
          diffPolicies(before, after).splits[0]?.moves.map((move) => [`${move.from} ${move.to}`, move.buckets]),
        );
        const [old, now] = [before, after].map(({ rules }) => rules[0]?.outcome);
        if (!old || !now) throw new Error('no rule');
        const { keys: all, moves } = replaySplit(old, now, 4_000);
        const found = new Map(moves.map(({ from, to, keys }) => [`${from} ${to}`, keys]));
        for (const name of new Set([...foretold.keys(), ...found.keys()]))
          expect(Math.abs((foretold.get(name) ?? 0) / BUCKETS - (found.get(name) ?? 0) / all)).toBeLessThan(0.04);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a sample of requests', () => {
  it('says how many change lane, from which to which, with examples and both reasons in a line', () => {
    const before = split({ gray: 10 });
    const after = policy([
      { name: 'testers', when: { fact: 'header.x-user', prefix: 't' }, lane: 'blue' },
      { name: 'ramp', split: { by: 'header.x-user', lanes: { gray: 10 } } },
    ]);
    const requests = [user('t1'), user('u1'), user('t2'), requestFacts()];
    const { sample } = diffPolicies(before, after, requests);
    expect(sample).toMatchObject({ requests: 4, changed: 2, moves: [{ from: 'stable', to: 'blue', requests: 2 }] });
    expect(sample?.examples.map(({ index, why }) => [index, why])).toEqual([
      [0, `was stable by "ramp" (header.x-user in bucket ${bucketOf('ramp', 't1')}), is blue by "testers"`],
      [2, `was stable by "ramp" (header.x-user in bucket ${bucketOf('ramp', 't2')}), is blue by "testers"`],
    ]);
  });

  it('has reasons for requests that no rule matches and for those without a key', () => {
    const some = policy([{ name: 'some', when: { fact: 'path', prefix: '/a' }, lane: 'gray' }]);
    const { sample } = diffPolicies(some, split({ gray: 100 }), [requestFacts({ path: '/a' }), user('u')]);
    expect(sample?.examples.map(({ why }) => why)).toEqual([
      'was gray by "some", is stable by "ramp" (without header.x-user)',
      `was stable, as no rule matches, is gray by "ramp" (header.x-user in bucket ${bucketOf('ramp', 'u')})`,
    ]);
  });

  it('gives examples of every move, few of each', () => {
    const requests = Array.from({ length: 300 }, (_, n) => user(`u${n}`));
    const { sample } = diffPolicies(split({ gray: 30, blue: 10 }), split({ blue: 30, gray: 30 }), requests);
    expect(new Set(sample?.examples.map(({ from, to }) => `${from} ${to}`)).size).toBe(sample?.moves.length);
    expect(sample?.examples.length).toBeLessThanOrEqual(12);
    const counted = sample?.moves.map(({ requests: number }) => number) ?? [];
    expect(counted).toEqual(counted.toSorted((a, b) => b - a));
    expect(counted.reduce((sum, number) => sum + number, 0)).toBe(sample?.changed);
  });

  it('changes as deciding each request twice says, whatever the policies', () => {
    const requests = fc.sample(requestArbitrary(fc), { numRuns: 300, seed: 2 });
    fc.assert(
      fc.property(policyArbitrary(fc), policyArbitrary(fc), (one, other) => {
        const [before, after] = [compilePolicy(one, NAIVE_FILES), compilePolicy(other, NAIVE_FILES)];
        const { sample } = diffPolicies(before, after, requests);
        const changed = requests.filter((request) => decide(before, request).lane !== decide(after, request).lane);
        expect(sample?.changed).toBe(changed.length);
        for (const { request, from, to } of sample?.examples ?? []) {
          expect([decide(before, request).lane, decide(after, request).lane]).toEqual([from, to]);
          expect(from).not.toBe(to);
        }
      }),
      { numRuns: 20 },
    );
  });
});
