/** How often something may happen. */
export interface Rate {
  readonly perSecond: number;
  /** How often at once, after a pause. */
  readonly burst: number;
}

/** Says whether it may happen once more, now. */
export type TokenBuckets = (key: string) => boolean;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Creates token buckets, one a key: each holds `burst` tokens and gains `perSecond`. Keys must be few and of our own
 * choice, for none is forgotten. (The algorithm: https://en.wikipedia.org/wiki/Token_bucket.)
 *
 * @param now milliseconds of a clock that does not go back
 */
export function createTokenBuckets({ perSecond, burst }: Rate, now: () => number): TokenBuckets {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const time = now();
    const bucket = buckets.get(key) ?? { tokens: burst, at: time };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.at) * perSecond) / 1_000);
    bucket.at = time;
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  };
}
