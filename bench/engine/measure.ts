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

/** Where answers go, so that no compiler drops the work. */
export let sink: unknown;

/**
 * Measures a probe in this process, which should be a fresh one that was started with `--expose-gc`.
 *
 * @throws Error when an answer is wrong
 */
export function measure(probe: Probe, { warmUpMs, batches }: Effort): Cost {
  for (const input of probe.inputs(64)) {
    if (!probe.isRight(probe.run(input), input)) throw new Error(`wrong answer for ${JSON.stringify(input)}`);
  }
  let perCall = timePass(probe, 1);
  const warmUntil = performance.now() + warmUpMs;
  while (performance.now() < warmUntil) perCall = timePass(probe, passSize(perCall));
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) times.push(timeBatch(probe, passSize(perCall)));
  const bytes = passSize(perCall) < 8 ? [allocated(probe, 8)] : [1, 2, 3].map(() => allocated(probe, MOST_INPUTS / 2));
  return { ns: quantile(times, 0.25), bytes: Math.round(quantile(bytes, 0.5)) };
}

function passSize(perCall: number): number {
  return Math.max(1, Math.min(MOST_INPUTS, Math.ceil(BATCH_NS / perCall)));
}

/** Nanoseconds a call over one batch. */
function timeBatch(probe: Probe, size: number): number {
  let total = 0;
  let passes = 0;
  while (passes < MOST_PASSES && total < BATCH_NS) {
    total += timePass(probe, size) * size;
    passes++;
  }
  return total / (passes * size);
}

/** Nanoseconds a call over fresh inputs, each used once. */
function timePass({ inputs, run }: Probe, size: number): number {
  const given = inputs(size);
  const started = process.hrtime.bigint();
  for (let at = 0; at < size; at++) sink = run(given[at]);
  return Math.max(1, Number(process.hrtime.bigint() - started)) / size;
}

/** Bytes a call: how the heap grows while the collector has no reason to run. */
function allocated(probe: Probe, size: number): number {
  const given = probe.inputs(size);
  const { run } = probe;
  globalThis.gc?.();
  const idle = heapUsed() - heapUsed();
  const before = heapUsed();
  for (let at = 0; at < size; at++) sink = run(given[at]);
  return Math.max(0, (heapUsed() - before + idle) / size);
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed;
}
