import { createHash } from 'node:crypto';
import {
  type CompiledPolicy,
  compilePolicy,
  GraylaneError,
  isGraylaneError,
  parsePolicy,
  type SegmentFiles,
} from '@graylane/core';
import { Keeper, type KeeperOptions } from './keeper.ts';
import type { PolicyDriver, PolicySink, PolicySource, PolicyStatus } from './policy-source.ts';

/**
 * Makes a policy source of a driver: keeps the last good policy in memory and on disk, refuses a bad one whole, and
 * begins a new session, with jitter, whenever one is lost.
 */
export function keepPolicy(driver: PolicyDriver, options: KeeperOptions = {}): PolicySource {
  return new KeptPolicy(driver, options);
}

class KeptPolicy implements PolicySource {
  readonly name: string;
  readonly #driver: PolicyDriver;
  readonly #keeper: Keeper<CompiledPolicy>;
  #current: CompiledPolicy | undefined;
  /** A hash of what is in force, policy and files: the same content pushed again is no news. */
  #content: string | undefined;
  #refused: GraylaneError | undefined;

  constructor(driver: PolicyDriver, options: KeeperOptions) {
    this.name = driver.name;
    this.#driver = driver;
    const sink: PolicySink = {
      push: (policy, files) => this.#push(policy, files),
      refuse: (error) => this.#refuse(error),
      alive: () => this.#keeper.heard(),
    };
    this.#keeper = new Keeper(
      {
        name: driver.name,
        kind: 'policy',
        unavailable: 'GL_POLICY_UNAVAILABLE',
        restore: (kept) => this.#restore(kept as KeptContent),
        session: (signal) => driver.watch(sink, signal),
      },
      options,
    );
  }

  current(): CompiledPolicy | undefined {
    return this.#current;
  }

  status(): PolicyStatus {
    return {
      ...this.#keeper.status,
      ...(this.#current && { revision: this.#current.revision }),
      ...(this.#refused && { refused: this.#refused }),
    };
  }

  subscribe(listener: (policy: CompiledPolicy) => void): () => void {
    return this.#keeper.subscribe(listener);
  }

  ready(timeoutMs?: number): Promise<void> {
    return this.#keeper.ready(timeoutMs);
  }

  async close(): Promise<void> {
    await this.#keeper.close();
    await this.#driver.close?.();
  }

  #restore(kept: KeptContent): void {
    this.#current = compilePolicy(parsePolicy(kept.policy), new Map(kept.files));
    this.#content = hashOf(kept);
    this.#keeper.restored(this.#current);
  }

  #push(input: unknown, files: SegmentFiles = new Map()): void {
    let compiled: CompiledPolicy;
    try {
      compiled = compilePolicy(parsePolicy(input), files);
    } catch (error) {
      this.#refuse(
        isGraylaneError(error) ? error : new GraylaneError('GL_POLICY_INVALID', String(error), { cause: error }),
      );
      return;
    }
    const kept: KeptContent = { policy: compiled.policy, files: [...files] };
    const content = hashOf(kept);
    const same = content === this.#content;
    this.#content = content;
    this.#refused = undefined;
    if (same) this.#keeper.accept();
    else {
      this.#current = compiled;
      this.#keeper.save(kept);
      this.#keeper.accept(compiled);
    }
  }

  #refuse(error: GraylaneError): void {
    this.#refused = error;
    this.#keeper.refuse(error);
  }
}

/** What the state file holds. */
interface KeptContent {
  readonly policy: unknown;
  readonly files: readonly (readonly [string, readonly string[]])[];
}

function hashOf(kept: KeptContent): string {
  return createHash('sha256').update(JSON.stringify(kept)).digest('base64');
}
