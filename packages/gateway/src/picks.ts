import type { Lane, Load, Pick } from '@graylane/core';
import type { Router } from '@graylane/node';
import type { Attempt } from './proxy.ts';

/** How often is drawn for an instance that was not tried yet. */
const MAX_DRAWS = 16;

/** More requests than any instance has under way. */
const BUSY = 1e9;

/** Gives one instance after the other for a request; undefined when the pick is none. Each pick is told. */
export function createPicks(
  router: Router,
  service: string,
  lane: Lane,
  onPick: (pick: Pick) => void,
): () => Attempt | undefined {
  const tried = new Map<string, Load>();
  return () => {
    const pick = pickOther(router, service, lane, tried);
    onPick(pick);
    if (!('instance' in pick)) return undefined;
    tried.set(pick.instance.id, pick.load);
    return { instance: pick.instance, end: router.begin(service, pick) };
  };
}

/**
 * Picks an instance that was not tried yet, if there is one. Where most are ejected, some of them are picked all the same,
 * and one that refuses at once is always idle: for the time of the pick those that were tried look busy.
 */
function pickOther(router: Router, service: string, lane: Lane, tried: ReadonlyMap<string, Load>): Pick {
  for (const load of tried.values()) load.inFlight += BUSY;
  let pick = router.pick(service, lane);
  for (let draws = 1; draws < MAX_DRAWS && 'instance' in pick && tried.has(pick.instance.id); draws++)
    pick = router.pick(service, lane);
  for (const load of tried.values()) load.inFlight -= BUSY;
  return pick;
}
