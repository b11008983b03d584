import type { Value } from '@graylane/core';

/** How many processes share the work; `auto` is one for each processor. */
export type WorkerCount = number | 'auto';

const MAX_WORKERS = 256;

/** Reads how many processes share the work; one when it is not said. */
export function readWorkers(value: Value | undefined): WorkerCount {
  if (value === undefined) return 1;
  if (value.raw === 'auto') return 'auto';
  const { raw } = value;
  if (Number.isInteger(raw) && (raw as number) >= 1 && (raw as number) <= MAX_WORKERS) return raw as number;
  value.fail(`must be 1 to ${MAX_WORKERS}, or auto for one for each processor`);
  return 1;
}
