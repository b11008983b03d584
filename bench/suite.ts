import type { Report } from './report.ts';

/** How a suite is to run. */
export interface SuiteOptions {
  /** Few and short samples: to see that all works, and roughly where things stand. */
  readonly quick: boolean;
  /** Foreign load, in cores, above which a sample does not count. */
  readonly maxForeign: number;
  /** Parts of names: only what has one of them is measured, beside what ratios are taken to. Undefined for everything. */
  readonly only: readonly string[] | undefined;
  /** Part of the name of what the gateway suite takes its ratios to; undefined for fast-proxy. */
  readonly base: string | undefined;
  /** Where the processes that are measured leave a CPU profile; undefined for none. */
  readonly profile: string | undefined;
  /** Told about each step. */
  readonly progress: (message: string) => void;
}

/** A question and how to measure the answer. */
export interface Suite {
  readonly name: string;
  /** What it measures, in a line. */
  readonly summary: string;
  run(options: SuiteOptions): Promise<Report>;
}

/** Whether something of this name is to be measured. */
export function isAsked(name: string, { only }: Pick<SuiteOptions, 'only'>): boolean {
  return only === undefined || only.some((part) => name.includes(part));
}
