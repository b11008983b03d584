import type { KeeperOptions, PolicySource } from '@graylane/sources';

/** What some policy sources cannot do. */
export type PolicyCapability =
  /** It can be out of reach. */
  | 'outage'
  /** Segments can have files. */
  | 'segments'
  /** A policy can be met while it is being written. */
  | 'halves';

/** A source of policies that a suite can play with. */
export interface PolicyHarness {
  /** Opens a policy source. */
  open(options: KeeperOptions): PolicySource;
  /** Makes the source hold this policy, with these segment files by name. Also while it is stopped. */
  set(text: string, segments?: Readonly<Record<string, string>>): Promise<void>;
  /** Writes a part of a policy; the rest follows with `set`. Needs `halves`. */
  half?(text: string): Promise<void>;
  /** Puts the source out of reach. Needs `outage`. */
  stop?(): Promise<void>;
  /** Puts it back. Needs `outage`. */
  start?(): Promise<void>;
  /** Texts that must neither be in messages nor in state files. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}
