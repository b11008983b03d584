import type { Lane } from './lane.ts';
import type { CompiledOutcome } from './parse-rules.ts';
import { laneByBucket, type Move } from './split-moves.ts';

/** What happened to keys that were tried against two outcomes. */
export interface Replay {
  /** How many keys were tried. */
  readonly keys: number;
  /** Who changed lane, in keys. */
  readonly moves: readonly (Omit<Move, 'buckets'> & { readonly keys: number })[];
}

/** Enough to tell shares to about half a per cent of all users. */
const KEYS = 20_000;

/**
 * Puts keys through two outcomes of a rule, as when users come again after a change. Where another fact is hashed, each
 * user has another key there, as users have who were known by a name and now are by a device.
 */
export function replaySplit(before: CompiledOutcome, after: CompiledOutcome, keys: number = KEYS): Replay {
  const isOtherFact = before.kind === 'split' && after.kind === 'split' && before.by !== after.by;
  const [laneBefore, laneAfter] = [laneByKey(before), laneByKey(after)];
  const moves = new Map<string, Replay['moves'][number]>();
  for (let user = 0; user < keys; user++) {
    const from = laneBefore(`user-${user}`);
    const to = laneAfter(isOtherFact ? `other-${user}` : `user-${user}`);
    if (from === to) continue;
    const name = `${from} ${to}`;
    moves.set(name, { from, to, keys: (moves.get(name)?.keys ?? 0) + 1 });
  }
  return { keys, moves: [...moves.values()] };
}

function laneByKey(outcome: CompiledOutcome): (key: string) => Lane {
  if (outcome.kind === 'lane') return () => outcome.lane;
  const laneOf = laneByBucket(outcome);
  return (key) => laneOf(outcome.bucket(key));
}
