import type { KeeperOptions, Registry } from '@graylane/sources';
import type { RegistryCapability, RegistryHarness } from './registry-harness.ts';
import type { Stage } from './runner.ts';

/** What the cases of a registry play with. */
export interface RegistryStage {
  readonly stage: Stage;
  readonly source: RegistryHarness;
  /** Opens a registry that is closed when the case ends. */
  open(options?: KeeperOptions): Registry;
}

/** Declares a case: what it needs, and what it does. */
export type RegistryCase = (
  name: string,
  needs: readonly RegistryCapability[],
  body: (stage: RegistryStage) => Promise<void>,
) => void;
