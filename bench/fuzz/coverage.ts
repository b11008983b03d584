import { type Profiler, Session } from 'node:inspector';

/** What ran between two looks. */
export interface Ran {
  /** A key for each block of the core that ran, with how often it ran, by powers of four. */
  readonly features: readonly string[];
  /** The same without how often. */
  readonly blocks: readonly string[];
  /** How many blocks ran in all, those of libraries included: work, counted instead of timed. */
  readonly work: number;
}

/** Looks at which blocks of the core's sources run in this process. */
export class Coverage {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What ran since the last look. */
  take(): Ran {
    const features: string[] = [];
    const blocks: string[] = [];
    let work = 0;
    for (const { url, functions } of this.#scripts()) {
      if (!/\/packages\/core\/src\/|\/node_modules\//.test(url)) continue;
      const file = url.includes('/packages/core/src/') ? url.slice(url.lastIndexOf('/') + 1) : undefined;
      for (const { count, startOffset, endOffset } of functions.flatMap(({ ranges }) => ranges)) {
        work += count;
        if (file === undefined || count === 0) continue;
        const block = `${file}:${startOffset}-${endOffset}`;
        blocks.push(block);
        features.push(`${block} ${Math.min(4, Math.floor(Math.log2(count) / 2))}`);
      }
    }
    return { features, blocks, work };
  }

  #scripts(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // Within one thread the answer is there when the call returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      scripts = answer.result;
    });
    return scripts;
  }
}
