/**
 * Whether a lane counts as present in a service. It is absent as soon as too few of its instances are ready, and present
 * again only after enough have been ready for a while, so that a flapping instance does not swing its users to and fro.
 */
export type Presence =
  /** It never had enough instances. It is present as soon as it has. */
  | { readonly kind: 'unseen' }
  | { readonly kind: 'present' }
  /** It had enough instances and lost them. */
  | { readonly kind: 'absent' }
  /** It has enough again, and counts as present from `until` on if it keeps them. */
  | { readonly kind: 'settling'; readonly until: number };

export const UNSEEN: Presence = { kind: 'unseen' };
const PRESENT: Presence = { kind: 'present' };
const ABSENT: Presence = { kind: 'absent' };

/**
 * The presence after a look at the lane.
 *
 * @param enough whether as many instances as the lane needs can take requests now
 * @param now milliseconds of a clock that does not go back
 * @param settleMs how long a lane that was lost must have enough before it comes back
 */
export function updatePresence(state: Presence, enough: boolean, now: number, settleMs: number): Presence {
  if (!enough) return state.kind === 'unseen' ? state : ABSENT;
  if (state.kind === 'absent') return settleMs > 0 ? { kind: 'settling', until: now + settleMs } : PRESENT;
  return state.kind === 'settling' && now < state.until ? state : PRESENT;
}
