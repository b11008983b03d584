import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CompiledPolicy, decide, isGraylaneError, requestFacts } from '@graylane/core';
import type { KeeperOptions, PolicySource } from '@graylane/sources';
import type { PolicyCapability, PolicyHarness } from './policy-harness.ts';
import { QUICK } from './quick.ts';
import { caseDeclarer, eventually, type Lacks, type Runner, type Stage } from './runner.ts';

interface PolicyStage {
  readonly stage: Stage;
  readonly source: PolicyHarness;
  /** Opens a policy source that is closed when the case ends. */
  open(options?: KeeperOptions): PolicySource;
}

type PolicyCase = (
  name: string,
  needs: readonly PolicyCapability[],
  body: (stage: PolicyStage) => Promise<void>,
) => void;

/**
 * Declares the cases that every policy driver passes behind the keeper.
 *
 * @param create makes a source that holds no policy, anew for each case
 * @param lacks what the driver cannot do, with reasons
 */
export function policySourceSuite(
  runner: Runner,
  name: string,
  create: () => Promise<PolicyHarness>,
  lacks: Lacks<PolicyCapability> = {},
): void {
  const declare = caseDeclarer(runner, lacks);
  const test: PolicyCase = (title, needs, body) =>
    declare(title, needs, async (stage) => {
      const source = stage.closing(await create());
      const open = (options: KeeperOptions = {}): PolicySource => stage.closing(source.open({ ...QUICK, ...options }));
      await body({ stage, source, open });
    });
  runner.describe(`policy source: ${name}`, () => {
    runner.describe('policies', () => policyCases(test));
    runner.describe('refusals', () => refusalCases(test));
    runner.describe('segment files', () => segmentCases(test));
    runner.describe('a source that fails', () => outageCases(test));
    runner.describe('the end', () => closingCases(test));
  });
}

/** A policy whose only rule sends everyone to `lane`. */
const everyoneTo = (lane: string): string => `
version: 1
lanes: { gray: {}, blue: {} }
rules: [{ name: everyone, lane: ${lane} }]
`;

const MISTAKEN = `
version: 1
lanes: { gray: {} }
rules: [{ name: everyone, lane: grey }, { name: other }]
`;

const TESTERS = `
version: 1
lanes: { gray: {} }
segments: { testers: { fact: header.x-user, file: testers.txt } }
rules: [{ name: testers, when: { segment: testers }, lane: gray }]
`;

function laneFor(policy: CompiledPolicy | undefined, user = ''): string | undefined {
  return policy && decide(policy, requestFacts({ headers: ['x-user', user] })).lane;
}

function policyCases(test: PolicyCase): void {
  test('the first policy is known, compiled, and has a revision', [], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    assert.equal(laneFor(policies.current()), 'gray');
    const { freshness, origin, revision, error, refused } = policies.status();
    assert.deepEqual({ freshness, origin }, { freshness: 'fresh', origin: 'source' });
    assert.equal(revision, policies.current()?.revision);
    assert.deepEqual([error, refused], [undefined, undefined]);
  });

  test('a change arrives; the same policy again is no news', [], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open({ resyncMs: 60 });
    await policies.ready();
    const heard: CompiledPolicy[] = [];
    policies.subscribe(() => {
      throw new Error('a listener that fails');
    });
    const unsubscribe = policies.subscribe((policy) => heard.push(policy));
    await source.set(everyoneTo('blue'));
    await eventually('it is there', () => laneFor(policies.current()) === 'blue');
    await source.set(`# only a comment is new\n${everyoneTo('blue')}`);
    const since = Date.now();
    await eventually('some sessions have passed', () => policies.status().heardAt > since + 300);
    assert.deepEqual(
      heard.map((policy) => laneFor(policy)),
      ['blue'],
    );
    unsubscribe();
    await source.set(everyoneTo('gray'));
    await eventually('it is there', () => laneFor(policies.current()) === 'gray');
    assert.equal(heard.length, 1);
  });
}

function refusalCases(test: PolicyCase): void {
  test('a first policy with mistakes makes ready() reject with all of them', [], async ({ source, open }) => {
    await source.set(MISTAKEN);
    const policies = open();
    await assert.rejects(policies.ready(), (error) => {
      assert.ok(isGraylaneError(error, 'GL_POLICY_INVALID'));
      assert.deepEqual(
        error.issues.map(({ path }) => path),
        ['rules[0].lane', 'rules[1]'],
      );
      return true;
    });
    assert.equal(policies.current(), undefined);
    assert.equal(policies.status().freshness, 'none');
    await source.set(everyoneTo('gray'));
    await eventually('the mended one is there', () => laneFor(policies.current()) === 'gray');
    await policies.ready();
  });

  test('a policy with mistakes is refused whole; a good one clears that', [], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    const before = policies.current();
    await source.set(MISTAKEN);
    const refused = await eventually('it is refused', () => policies.status().refused);
    assert.equal(refused.issues.length, 2);
    assert.equal(policies.status().error, refused);
    assert.equal(policies.current(), before);
    await source.set(everyoneTo('blue'));
    await eventually('the mended one is there', () => laneFor(policies.current()) === 'blue');
    assert.deepEqual([policies.status().refused, policies.status().error], [undefined, undefined]);
  });

  test(
    'the policy in force, set again after a refused one, clears that without being news',
    [],
    async ({ source, open }) => {
      await source.set(everyoneTo('gray'));
      const policies = open();
      await policies.ready();
      const before = policies.current();
      await source.set(MISTAKEN);
      await eventually('it is refused', () => policies.status().refused);
      await source.set(everyoneTo('gray'));
      await eventually('it is cleared', () => policies.status().refused === undefined);
      assert.equal(policies.current(), before);
    },
  );

  test('half a policy is never in force', ['halves'], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    const before = policies.current();
    await source.half?.('version: 1\nlanes: { blue: {');
    await eventually('it is refused', () => policies.status().refused);
    assert.equal(policies.current(), before);
    await source.half?.('');
    await eventually('nothing at all is refused, too', () => policies.status().refused?.message.includes('empty'));
    await source.set(everyoneTo('blue'));
    await eventually('the whole is there', () => laneFor(policies.current()) === 'blue');
  });
}

function segmentCases(test: PolicyCase): void {
  test('a segment has the members of its file, and a changed file is a new policy', ['segments'], async (t) => {
    const { source, open } = t;
    await source.set(TESTERS, { 'testers.txt': '# who tests\r\nann\r\n\r\n  bob \n' });
    const policies = open();
    await policies.ready();
    const lanes = (): (string | undefined)[] => ['ann', 'bob', 'cleo'].map((user) => laneFor(policies.current(), user));
    assert.deepEqual(lanes(), ['gray', 'gray', 'stable']);
    await source.set(TESTERS, { 'testers.txt': 'cleo' });
    await eventually('cleo is in', () => laneFor(policies.current(), 'cleo') === 'gray');
    assert.deepEqual(lanes(), ['stable', 'stable', 'gray']);
  });

  test('a policy whose segment file is missing is refused, with its place', ['segments'], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    await source.set(TESTERS);
    const refused = await eventually('it is refused', () => policies.status().refused);
    assert.deepEqual(
      refused.issues.map(({ path }) => path),
      ['segments.testers.file'],
    );
    assert.equal(laneFor(policies.current()), 'gray');
    await source.set(TESTERS, { 'testers.txt': 'ann' });
    await eventually('it is taken', () => laneFor(policies.current(), 'ann') === 'gray' && !policies.status().refused);
  });

  test('segments survive a restart without the source', ['segments', 'outage'], async ({ stage, source, open }) => {
    const stateDirectory = await stage.directory();
    await source.set(TESTERS, { 'testers.txt': 'ann' });
    const before = open({ stateDirectory });
    await before.ready();
    await before.close();
    await source.stop?.();
    const policies = open({ stateDirectory });
    await policies.ready();
    assert.equal(laneFor(policies.current(), 'ann'), 'gray');
  });
}

function outageCases(test: PolicyCase): void {
  test('ready() rejects in time when the source is away', ['outage'], async ({ source, open }) => {
    await source.stop?.();
    const policies = open();
    await assert.rejects(policies.ready(300), (error) => isGraylaneError(error, 'GL_POLICY_UNAVAILABLE'));
    assert.equal(policies.status().freshness, 'none');
  });

  test('the last good policy stays while the source is away; what changed comes with it', ['outage'], async (t) => {
    const { source, open } = t;
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    await source.stop?.();
    await eventually('it is missed', () => policies.status().freshness === 'stale' && policies.status().error);
    assert.equal(laneFor(policies.current()), 'gray');
    await source.set(everyoneTo('blue'));
    await source.start?.();
    await eventually('the new one is there', () => laneFor(policies.current()) === 'blue');
    assert.deepEqual([policies.status().freshness, policies.status().error], ['fresh', undefined]);
  });

  test(
    'a process starts from its state directory while the source is away',
    ['outage'],
    async ({ stage, source, open }) => {
      const stateDirectory = await stage.directory();
      await source.set(everyoneTo('gray'));
      const before = open({ stateDirectory });
      await before.ready();
      await before.close();
      const files = await readdir(stateDirectory);
      const path = join(stateDirectory, files[0] ?? '');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      const kept = await readFile(path, 'utf8');
      for (const secret of source.secrets) assert.ok(![before.name, path, kept].join().includes(secret));
      await source.stop?.();
      const policies = open({ stateDirectory });
      await policies.ready();
      assert.equal(laneFor(policies.current()), 'gray');
      const { freshness, origin, revision } = policies.status();
      assert.deepEqual([freshness, origin, revision], ['stale', 'disk', before.current()?.revision]);
    },
  );
}

function closingCases(test: PolicyCase): void {
  test('after close() nobody is told anything, and the policy stays', [], async ({ source, open }) => {
    await source.set(everyoneTo('gray'));
    const policies = open();
    await policies.ready();
    const heard: CompiledPolicy[] = [];
    policies.subscribe((policy) => heard.push(policy));
    await policies.close();
    const other = open();
    await source.set(everyoneTo('blue'));
    await eventually('another one knows', () => laneFor(other.current()) === 'blue');
    assert.deepEqual(heard, []);
    assert.equal(laneFor(policies.current()), 'gray');
  });
}
