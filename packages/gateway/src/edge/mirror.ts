import { BUCKETS, bucketOf, type Lane, toBytes } from '@graylane/core';

/** The header that marks a copy, so that a service can leave out what must not be done twice. */
export const MIRROR_HEADER = 'x-graylane-mirror';

/** Which requests are copied to a lane. */
export interface MirrorRule {
  /** Where the copies go. */
  readonly to: Lane;
  /** The services of whose requests copies are made; all when it is undefined. */
  readonly services: readonly string[] | undefined;
  /** The lanes of whose requests copies are made. */
  readonly from: readonly Lane[];
  /** The share of them, in buckets of 0.001 %. */
  readonly buckets: number;
  /** Whether requests are copied too that may change something. */
  readonly unsafe: boolean;
}

/** What of a request says whether it is copied. */
export interface MirrorFacts {
  readonly service: string;
  readonly lane: Lane;
  readonly method: string;
  /** Whether it is a copy itself: those are not copied again. */
  readonly copy: boolean;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The lane that a request is copied to, by the first rule that fits it; undefined when by none, or when it is outside the share. */
export function mirrorLane(rules: readonly MirrorRule[], facts: MirrorFacts, bucket: number): Lane | undefined {
  if (facts.copy) return undefined;
  const rule = rules.find((each) => fits(each, facts));
  return rule && bucket < rule.buckets ? rule.to : undefined;
}

/**
 * The bucket of a request: by its id, so that whoever knows the id knows whether it was copied, and at random without one.
 *
 * @param random at least 0 and less than 1
 */
export function mirrorBucket(requestID: string | undefined, random: () => number): number {
  return requestID ? bucketOf('mirror', toBytes(requestID)) : Math.floor(random() * BUCKETS);
}

function fits({ services, from, unsafe }: MirrorRule, { service, lane, method }: MirrorFacts): boolean {
  return from.includes(lane) && (unsafe || SAFE.has(method)) && (services === undefined || services.includes(service));
}
