/** The machine's monotonic clock, in milliseconds: the same in every process. */
export function now(): number {
  return performance.now() + OFFSET;
}

const OFFSET = Number(process.hrtime.bigint()) / 1e6 - performance.now();
