import { quantile } from '../statistics.ts';
import type { Probe } from './probe.ts';

/** How long to measure. */
export interface Effort {
  readonly warmUpMs: number;
  readonly batches: number;
}

/** What one call costs. */
export interface Cost {
  /** Nanoseconds of wall time: the lower quartile of many batches, for what other programs take comes on top. */
  readonly ns: number;
  /** Bytes of heap, without the collector's help. */
  readonly bytes: number;
}

const BATCH_NS = 2_000_000;
/** Inputs of one pass: few enough to stay in a core's cache. */
const MOST_INPUTS = 2_048;
/** Passes of one batch, each over fresh inputs. A very cheap call gets a batch shorter than 2 ms rather than old inputs. */
const MOST_PASSES = 8;
/** How often the heap is watched; the median counts, for the compiler leaves something there now and then. */
const HEAP_SAMPLES = 5;

/** Where answers go, so that no compiler drops the work. */
export let sink: unknown;

/**
 * Measures a probe in this process, which should be a fresh one that was started with `--expose-gc`.
 *
 * @throws Error when an answer is wrong
 */
export async function measure(probe: Probe, { warmUpMs, batches }: Effort): Promise<Cost> {
  for (const input of probe.inputs(64)) {
    if (!probe.isRight(await probe.run(input), input)) throw new Error(`wrong answer for ${JSON.stringify(input)}`);
  }
  let perCall = await timePass(probe, 1);
  const warmUntil = performance.now() + warmUpMs;
  while (performance.now() < warmUntil) perCall = await timePass(probe, passSize(perCall));
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) times.push(await timeBatch(probe, passSize(perCall)));
  const bytes: number[] = [];
  for (let sample = 0; sample < HEAP_SAMPLES; sample++) bytes.push(await allocated(probe, heapSize(perCall)));
  return { ns: quantile(times, 0.25), bytes: Math.round(quantile(bytes, 0.5)) };
}

function passSize(perCall: number): number {
  return Math.max(1, Math.min(MOST_INPUTS, Math.ceil(BATCH_NS / perCall)));
}

/** As many calls as one pass makes: those of a dear call would fill the young heap, and the collector would run. */
function heapSize(perCall: number): number {
  return Math.max(8, Math.min(MOST_INPUTS / 2, passSize(perCall)));
}

/** Nanoseconds a call over one batch. */
async function timeBatch(probe: Probe, size: number): Promise<number> {
  let total = 0;
  let passes = 0;
  while (passes < MOST_PASSES && total < BATCH_NS) {
    total += (await timePass(probe, size)) * size;
    passes++;
  }
  return total / (passes * size);
}

/** Nanoseconds a call over fresh inputs, each used once. */
async function timePass(probe: Probe, size: number): Promise<number> {
  const given = probe.inputs(size);
  const started = process.hrtime.bigint();
  if (probe.kind === 'awaited') await awaitAll(probe, given);
  else callAll(probe, given);
  return Math.max(1, Number(process.hrtime.bigint() - started)) / size;
}

/** Bytes a call: how the heap grows while the collector has no reason to run. */
async function allocated(probe: Probe, size: number): Promise<number> {
  const given = probe.inputs(size);
  globalThis.gc?.();
  heapUsed(); // the first look after a collection takes more than the next ones
  const idle = heapUsed() - heapUsed();
  const before = heapUsed();
  if (probe.kind === 'awaited') await awaitAll(probe, given);
  else callAll(probe, given);
  return Math.max(0, (heapUsed() - before + idle) / size);
}

function callAll({ run }: Probe, given: readonly unknown[]): void {
  for (let at = 0; at < given.length; at++) sink = run(given[at]);
}

/** One after the other, as a request would wait for its decision. */
async function awaitAll({ run }: Probe, given: readonly unknown[]): Promise<void> {
  for (let at = 0; at < given.length; at++) sink = await run(given[at]);
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed;
}
