import { BUCKETS } from './bucket.ts';

/** A number of buckets in per cent, to the thousandth: `5 %`, `0.001 %`. */
export function formatShare(buckets: number): string {
  return `${Number(((buckets * 100) / BUCKETS).toFixed(3))} %`;
}
