import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketOf } from '../src/bucket.ts';
import { toBytes } from '../src/bytes.ts';
import { type CompiledPolicy, compilePolicy, decide } from '../src/decide.ts';
import type { Decision } from '../src/decision.ts';
import { requestFacts } from '../src/facts.ts';
import { parsePolicy } from '../src/parse-policy.ts';

const compile = (text: string, files?: ReadonlyMap<string, readonly string[]>): CompiledPolicy =>
  compilePolicy(parsePolicy(text), files);

/** Decides for a user who is known by the header `x-user`. */
const decideFor = (compiled: CompiledPolicy, user: string): Decision =>
  decide(compiled, requestFacts({ headers: ['x-user', Buffer.from(user, 'utf8').toString('latin1')] }));

const SPLIT = (lanes: string, more = ''): string =>
  `{version: 1, lanes: {gray: , blue: }, rules: [{name: r, split: {by: header.x-user, lanes: ${lanes}${more}}}]}`;

const users = Array.from({ length: 2000 }, (_, n) => `user-${n}`);

describe('deciding', () => {
  const ordered = compile(
    `
version: 1
lanes: { gray: , blue: , off: { enabled: false } }
segments:
  testers: { fact: header.x-user, in: [u1, 李雷] }
  beta: { fact: header.x-user, file: beta.txt }
  ios: { when: { fact: agent.device, equals: ios } }
rules:
  - { name: none, when: { fact: header.x-lane, equals: none }, lane: stable }
  - { name: testers, when: { segment: testers }, lane: gray }
  - { name: also-testers, when: { segment: testers }, lane: blue }
  - { name: beta, when: { segment: beta }, lane: blue }
  - { name: ios, when: { segment: ios }, lane: off }
`,
    new Map([['beta.txt', ['b1', 'Zoë']]]),
  );

  it('the first rule that matches decides', () => {
    expect(decideFor(ordered, 'u1')).toEqual({ by: 'rule', lane: 'gray', rule: 'testers' });
    expect(decideFor(ordered, '李雷')).toEqual({ by: 'rule', lane: 'gray', rule: 'testers' });
  });

  it('a rule may keep requests in stable', () => {
    const request = requestFacts({ headers: ['x-user', 'u1', 'x-lane', 'none'] });
    expect(decide(ordered, request)).toEqual({ by: 'rule', lane: 'stable', rule: 'none' });
  });

  it('no rule means stable', () => {
    expect(decideFor(ordered, 'u2')).toEqual({ by: 'default', lane: 'stable' });
    expect(decide(compile('version: 1'), requestFacts())).toEqual({ by: 'default', lane: 'stable' });
  });

  it('the members of a file are compared byte for byte', () => {
    expect(decideFor(ordered, 'b1').lane).toBe('blue');
    expect(decideFor(ordered, 'Zoë').lane).toBe('blue');
    expect(decideFor(ordered, 'zoë').lane).toBe('stable');
  });

  it('a file that was not handed in has no members', () => {
    const without = compile(
      '{version: 1, lanes: {gray: }, segments: {s: {fact: ip, file: gone}}, rules: [{name: r, when: {segment: s}, lane: gray}]}',
    );
    expect(decide(without, requestFacts({ ip: 'x' })).by).toBe('default');
  });

  it('a switched-off lane is decided for like any other, and picked as stable later', () => {
    const request = requestFacts({ headers: ['user-agent', 'x (iPhone)'] });
    expect(decide(ordered, request)).toEqual({ by: 'rule', lane: 'off', rule: 'ios' });
  });

  it('a rule without a condition matches every request', () => {
    expect(
      decide(compile('{version: 1, lanes: {gray: }, rules: [{name: all, lane: gray}]}'), requestFacts()).lane,
    ).toBe('gray');
  });

  it('a policy that was not checked is checked when it is compiled', () => {
    expect(() => compilePolicy({ version: 1, rules: [{ name: 'r', lane: 'nowhere' }] } as never)).toThrow(
      'no lane is called "nowhere"',
    );
  });
});

describe('splits', () => {
  it('a bucket below the share is in, and all others are stable', () => {
    const compiled = compile(SPLIT('{gray: 5}'));
    for (const user of users) {
      const bucket = bucketOf('r', user);
      expect(decideFor(compiled, user)).toEqual({
        by: 'split',
        lane: bucket < 5000 ? 'gray' : 'stable',
        rule: 'r',
      });
    }
  });

  it('ranges follow each other in the order in which they are written, from 0', () => {
    const compiled = compile(SPLIT('{blue: 10, stable: 20, gray: 30}'));
    for (const user of users) {
      const bucket = bucketOf('r', user);
      const lane = bucket < 10_000 ? 'blue' : bucket < 30_000 ? 'stable' : bucket < 60_000 ? 'gray' : 'stable';
      expect(decideFor(compiled, user).lane).toBe(lane);
    }
  });

  it('the smallest share is one bucket of 100,000, and 0 and 100 per cent mean none and all', () => {
    const lucky = Array.from({ length: 400_000 }, (_, n) => `${n}`).filter((user) => bucketOf('r', user) === 0);
    const next = Array.from({ length: 400_000 }, (_, n) => `${n}`).find((user) => bucketOf('r', user) === 1) as string;
    expect(lucky.length).toBeGreaterThan(0);
    const smallest = compile(SPLIT('{gray: 0.001}'));
    for (const user of lucky) expect(decideFor(smallest, user).lane).toBe('gray');
    expect(decideFor(smallest, next).lane).toBe('stable');
    for (const user of [...lucky, ...users.slice(0, 100)]) {
      expect(decideFor(compile(SPLIT('{gray: 0}')), user).lane).toBe('stable');
      expect(decideFor(compile(SPLIT('{gray: 100}')), user).lane).toBe('gray');
      expect(decideFor(compile(SPLIT('{gray: 0, blue: 100}')), user).lane).toBe('blue');
    }
  });

  it('every thousandth of a per cent is the number of buckets that it says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (buckets) => {
        const outcome = compile(SPLIT(`{gray: ${buckets / 1000}}`)).rules[0]?.outcome;
        expect(outcome?.kind === 'split' && outcome.ranges).toMatchObject([{ lane: 'gray', below: buckets }]);
      }),
    );
  });

  it.each([
    ['without the header', requestFacts()],
    ['with an empty header', requestFacts({ headers: ['x-user', ''] })],
  ])('a request %s has no key and is stable, and no later rule is tried', (_, request) => {
    const compiled = compile(
      '{version: 1, lanes: {gray: }, rules: [{name: s, split: {by: header.x-user, lanes: {gray: 100}}}, {name: all, lane: gray}]}',
    );
    expect(decide(compiled, request)).toEqual({ by: 'no-key', lane: 'stable', rule: 's' });
  });

  it('the salt is the rule name unless it is given', () => {
    const named = compile(SPLIT('{gray: 50}'));
    const salted = compile(SPLIT('{gray: 50}', ', salt: r'));
    const other = compile(SPLIT('{gray: 50}', ', salt: other'));
    expect(users.map((user) => decideFor(salted, user))).toEqual(users.map((user) => decideFor(named, user)));
    expect(users.map((user) => decideFor(other, user).lane)).not.toEqual(
      users.map((user) => decideFor(named, user).lane),
    );
  });

  it('a salt beyond ASCII is hashed as UTF-8', () => {
    const compiled = compile(SPLIT('{gray: 50}', ', salt: 灰度'));
    const users = Array.from({ length: 50 }, (_, n) => `u${n}`);
    const gray = users.filter((user) => bucketOf(toBytes('灰度'), user) < 50_000);
    expect(users.filter((user) => decideFor(compiled, user).lane === 'gray')).toEqual(gray);
  });

  it('rules with different salts choose independently, rules with the same salt the same users', () => {
    const policy = (saltB: string): CompiledPolicy =>
      compile(`{version: 1, lanes: {gray: , blue: }, rules: [
        {name: a, when: {fact: path, prefix: /a}, split: {by: header.x-user, salt: s1, lanes: {gray: 10}}},
        {name: b, split: {by: header.x-user, salt: ${saltB}, lanes: {blue: 10}}}]}`);
    const shareOfBInA = (compiled: CompiledPolicy): number => {
      const at = (path: string, n: number): Decision =>
        decide(compiled, requestFacts({ path, headers: ['x-user', `id-${n}`] }));
      const inA = Array.from({ length: 50_000 }, (_, n) => n).filter((n) => at('/a', n).lane === 'gray');
      return inA.filter((n) => at('/b', n).lane === 'blue').length / inA.length;
    };
    expect(Math.abs(shareOfBInA(policy('s2')) - 0.1)).toBeLessThan(0.015);
    expect(shareOfBInA(policy('s1'))).toBe(1);
  });

  it('a user changes lane at most once while a split goes from 0 to 100 per cent', () => {
    const steps = [0, 0.001, 0.1, 1, 5, 20, 33.333, 50, 99.999, 100].map((share) => compile(SPLIT(`{gray: ${share}}`)));
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (user) => {
        const lanes = steps.map((compiled) => decideFor(compiled, user).lane);
        const changes = lanes.filter((lane, step) => step > 0 && lane !== lanes[step - 1]);
        expect(changes).toEqual(['gray']);
        expect([lanes[0], lanes.at(-1)]).toEqual(['stable', 'gray']);
      }),
      { numRuns: 1000 },
    );
  });

  it('nobody who is in leaves when a share grows, and nobody else moves when a later lane grows', () => {
    const share = fc.integer({ min: 0, max: 30_000 }).map((buckets) => buckets / 1000);
    fc.assert(
      fc.property(share, share, share, fc.nat(1_000_000), (gray, blue, more, n) => {
        const before = decideFor(compile(SPLIT(`{gray: ${gray}, blue: ${blue}}`)), `u${n}`).lane;
        const after = decideFor(
          compile(SPLIT(`{gray: ${gray}, blue: ${Math.round((blue + more) * 1000) / 1000}}`)),
          `u${n}`,
        ).lane;
        if (before !== 'stable') expect(after).toBe(before);
        else expect(['stable', 'blue']).toContain(after);
      }),
      { numRuns: 300 },
    );
  });
});

describe('revisions', () => {
  it('are the same for the same policy, however it is written', () => {
    const { policy, revision } = compile(SPLIT('{gray: 5}'));
    expect(revision).toMatch(/^[0-9a-f]{16}$/);
    expect(compile(`# a comment\n${SPLIT('{ "gray": 5.0 }')}`).revision).toBe(revision);
    expect(compilePolicy(policy).revision).toBe(revision);
  });

  it('differ when anything in the policy does', () => {
    const variants = ['{gray: 5}', '{gray: 5.001}', '{blue: 5}', '{gray: 5, blue: 0}', '{blue: 0, gray: 5}'].map(
      (lanes) => compile(SPLIT(lanes)).revision,
    );
    expect(new Set([...variants, compile('version: 1').revision]).size).toBe(6);
  });
});
