import type { KeeperOptions, Registry } from '@graylane/sources';
import { doubtCases } from './doubt-cases.ts';
import { closingCases, outageCases } from './outage-cases.ts';
import { QUICK } from './quick.ts';
import { registrationCases } from './registration-cases.ts';
import type { RegistryCapability, RegistryHarness } from './registry-harness.ts';
import type { RegistryCase } from './registry-stage.ts';
import { caseDeclarer, type Lacks, type Runner } from './runner.ts';
import { snapshotCases } from './snapshot-cases.ts';

/**
 * Declares the cases that every registry driver passes behind the keeper.
 *
 * @param create makes a source with no instances, anew for each case
 * @param lacks what the driver cannot do, with reasons
 */
export function registrySuite(
  runner: Runner,
  name: string,
  create: () => Promise<RegistryHarness>,
  lacks: Lacks<RegistryCapability> = {},
): void {
  const declare = caseDeclarer(runner, lacks);
  const test: RegistryCase = (title, needs, body) =>
    declare(title, needs, async (stage) => {
      const source = stage.closing(await create());
      const open = (options: KeeperOptions = {}): Registry => stage.closing(source.open({ ...QUICK, ...options }));
      await body({ stage, source, open });
    });
  runner.describe(`registry: ${name}`, () => {
    runner.describe('snapshots', () => snapshotCases(test));
    runner.describe('doubt', () => doubtCases(test));
    runner.describe('a source that fails', () => outageCases(test));
    runner.describe('registrations', () => registrationCases(test, lacks.registration === undefined));
    runner.describe('the end', () => closingCases(test));
  });
}
