import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Names a case and runs it. */
type Case = (name: string, body: () => Promise<void>) => unknown;

/** The functions of a test runner: those of jest, vitest, mocha and `node:test` do. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: Case & { readonly skip: Case };
}

/** What a driver cannot do, each with the reason. Cases that need it are listed as skipped, with that reason. */
export type Lacks<Capability extends string> = Readonly<Partial<Record<Capability, string>>>;

/** How long a condition may take to come true, in milliseconds: generous, for it only costs when something is broken. */
const PATIENCE_MS = 10_000;

/**
 * Resolves to what `find` finds as soon as that is truthy.
 *
 * @throws Error with `what` when it is not in time
 */
export async function eventually<Found>(
  what: string,
  find: () => Found | Promise<Found>,
  withinMs: number = PATIENCE_MS,
): Promise<NonNullable<Found>> {
  const deadline = performance.now() + withinMs;
  while (true) {
    const found = await find();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await sleep(5);
  }
}

/** What a case opens, closed again when it ends. */
export class Stage {
  readonly #closers: (() => Promise<unknown>)[] = [];

  /** Closes `opened` when the case ends, before all that was opened earlier. */
  closing<Opened extends { close(): Promise<unknown> }>(opened: Opened): Opened {
    this.#closers.push(() => opened.close());
    return opened;
  }

  /** A new directory, gone when the case ends. */
  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'graylane-'));
    this.#closers.push(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }
}

/** Makes the function that declares cases: each gets a stage, or is skipped with the reason why the driver cannot do it. */
export function caseDeclarer<Capability extends string>(
  { it }: Runner,
  lacks: Lacks<Capability>,
): (name: string, needs: readonly Capability[], body: (stage: Stage) => Promise<void>) => void {
  return (name, needs, body) => {
    const lacking = needs.find((need) => lacks[need] !== undefined);
    const run = async (): Promise<void> => {
      const stage = new Stage();
      try {
        await body(stage);
      } finally {
        await stage.close();
      }
    };
    if (lacking === undefined) it(name, run);
    else it.skip(`${name} (${lacks[lacking]})`, run);
  };
}
