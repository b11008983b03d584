import { isGraylaneError } from '@graylane/core';
import type { Coverage } from './coverage.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

/** An input of any length: a beginning, a part that is repeated, and an end. */
export interface Growing {
  readonly head: string;
  readonly part: string;
  /** Where in each repetition its number is written, so that no two are alike; null for nowhere. */
  readonly count: number | null;
  readonly tail: string;
}

/** What a run costs. */
interface Cost {
  /** Blocks that ran: exact and the same every time, but blind to what the language does in one step. */
  readonly work: number;
  /** Microseconds on the clock, other programs included: a hint, no proof. */
  readonly time: number;
}

/** A doubled input may cost this much more: twice for what is linear, and something for caches and sorting. */
const PER_DOUBLING = 2.5;

/** Costs below these say nothing about how they grow. */
const NOTABLE: Cost = { work: 20_000, time: 4_000 };

const SMALLEST = 4096;
const TRIES = 4;

/** Makes an input that can grow out of one that cannot. */
export function growing(input: string, random: Random): Growing {
  const [from, to] = random.span(input);
  const count = random.below(2) === 0 ? null : random.below(to - from + 1);
  return { head: input.slice(0, from), part: input.slice(from, to), count, tail: input.slice(to) };
}

/** The growing input with about so many characters. */
function grown({ head, part, count, tail }: Growing, length: number): string {
  if (count === null) return head + part.repeat(Math.max(1, Math.ceil(length / part.length))) + tail;
  const [before, after] = [part.slice(0, count), part.slice(count)];
  const times = Math.max(1, Math.ceil(length / (part.length + 4)));
  return head + Array.from({ length: times }, (_, index) => `${before}${index}${after}`).join('') + tail;
}

/**
 * What is wrong with how a target's cost grows; undefined when it grows in proportion. Lengths are looked at in steps of
 * two doublings. A count must grow too fast twice in a row, for once is when a larger data structure begins to be used. A
 * time must do so in every one of several tries, in CPU time of this thread, each the least of several means, for other
 * programs only ever add.
 */
export function slowdownOf(target: Target, input: Growing, coverage: Coverage): string | undefined {
  const costs: Cost[] = [];
  for (let length = SMALLEST; length <= target.limit; length *= 4) {
    costs.unshift(measure(target, grown(input, length), coverage));
    const [now, before, earlier] = costs;
    if (!now || !before) continue;
    if (growsTooFast(before.time, now.time, NOTABLE.time)) {
      const confirmed = confirm(target, input, length);
      if (confirmed) return confirmed;
    }
    if (!earlier || !growsTooFast(before.work, now.work, NOTABLE.work)) continue;
    if (growsTooFast(earlier.work, before.work, NOTABLE.work))
      return `costs ${earlier.work}, ${before.work}, ${now.work} steps for a sixteenth of ${length} characters, a quarter, and all`;
  }
  return undefined;
}

function growsTooFast(before: number, after: number, notable: number): boolean {
  return after > notable && after > before * PER_DOUBLING ** 2;
}

/** Whether time grows too fast up to `length` in all tries. */
function confirm(target: Target, input: Growing, length: number): string | undefined {
  const [quarter, whole] = [grown(input, length / 4), grown(input, length)];
  let said: string | undefined;
  for (let rest = TRIES; rest > 0; rest--) {
    const [before, after] = [leastTime(target, quarter), leastTime(target, whole)];
    if (!growsTooFast(before, after, NOTABLE.time)) return undefined;
    said = `takes ${Math.round(after)} µs for ${length} characters and ${Math.round(before)} µs for a quarter of them`;
  }
  return said;
}

function leastTime(target: Target, input: string): number {
  return Math.min(...Array.from({ length: 3 }, () => meanTime(target, input)));
}

/** The CPU time of a run. Systems count it in steps of up to ten milliseconds: it takes many of them to tell. */
function meanTime(target: Target, input: string): number {
  const before = threadTime();
  let runs = 0;
  do {
    run(target, input);
    runs++;
  } while (threadTime() - before < 80_000);
  return (threadTime() - before) / runs;
}

function measure(target: Target, input: string, coverage: Coverage): Cost {
  coverage.take();
  const before = performance.now();
  run(target, input);
  const time = (performance.now() - before) * 1000;
  return { work: coverage.take().work, time };
}

function run({ exercise }: Target, input: string): void {
  try {
    exercise(input);
  } catch (error) {
    if (!isGraylaneError(error)) throw error;
  }
}

function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
