import { BUCKETS } from './bucket.ts';
import { type Lane, STABLE } from './lane.ts';
import type { CompiledOutcome, CompiledSplit } from './parse-rules.ts';

/** Users of a rule who change lane. */
export interface Move {
  readonly from: Lane;
  readonly to: Lane;
  /** How many of the 100,000 buckets: an expectation, and then perhaps no whole number, unless the basis is `ranges`. */
  readonly buckets: number;
}

/** Who changes lane when a rule's outcome is replaced. */
export interface SplitMoves {
  /**
   * `ranges`: the same users have the same buckets, so the moves are exact. `salt`, `key`: users are drawn anew, because
   * the salt or the fact that is hashed has changed, and the moves are what is to be expected.
   */
  readonly basis: 'ranges' | 'salt' | 'key';
  readonly moves: readonly Move[];
}

/** A stretch of buckets that are in one lane. */
interface Stretch {
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
}

/**
 * Who changes lane when the outcome of a rule is replaced, among users who have the key before and after. A rule with a
 * lane is a split that gives it every bucket.
 */
export function splitMoves(before: CompiledOutcome, after: CompiledOutcome): SplitMoves {
  const basis = basisOf(before, after);
  const [old, now] = [stretchesOf(before), stretchesOf(after)];
  const moves = new Map<string, Move>();
  for (const one of old)
    for (const other of now) {
      const buckets = basis === 'ranges' ? overlap(one, other) : (length(one) * length(other)) / BUCKETS;
      if (buckets === 0 || one.lane === other.lane) continue;
      const name = `${one.lane} ${other.lane}`;
      moves.set(name, { from: one.lane, to: other.lane, buckets: (moves.get(name)?.buckets ?? 0) + buckets });
    }
  return { basis, moves: [...moves.values()] };
}

/** The lane of each bucket. */
export function laneByBucket(outcome: CompiledOutcome): (bucket: number) => Lane {
  const stretches = stretchesOf(outcome);
  return (bucket) => stretches.find(({ from, to }) => bucket >= from && bucket < to)?.lane ?? STABLE;
}

function basisOf(before: CompiledOutcome, after: CompiledOutcome): SplitMoves['basis'] {
  if (before.kind === 'lane' || after.kind === 'lane') return 'ranges';
  if (before.by !== after.by) return 'key';
  return before.salt === after.salt ? 'ranges' : 'salt';
}

function stretchesOf(outcome: CompiledOutcome): readonly Stretch[] {
  if (outcome.kind === 'lane') return [{ lane: outcome.lane, from: 0, to: BUCKETS }];
  const ranges = rangesOf(outcome);
  const end = ranges.at(-1)?.to ?? 0;
  return end === BUCKETS ? ranges : [...ranges, { lane: STABLE, from: end, to: BUCKETS }];
}

function rangesOf({ ranges }: CompiledSplit): readonly Stretch[] {
  return ranges.map(({ lane, below }, index) => ({ lane, from: ranges[index - 1]?.below ?? 0, to: below }));
}

function overlap(a: Stretch, b: Stretch): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

function length({ from, to }: Stretch): number {
  return to - from;
}
