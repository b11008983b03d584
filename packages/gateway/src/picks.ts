import type { Lane, Pick, Served } from '@graylane/core';
import type { Router } from '@graylane/node';
import type { Attempt } from './proxy-job.ts';

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
  const tried: Served[] = [];
  return () => {
    const pick = pickOther(router, service, lane, tried);
    onPick(pick);
    if (!('instance' in pick)) return undefined;
    tried.push(pick);
    return { instance: pick.instance, end: router.begin(service, pick) };
  };
}

/**
 * Picks an instance that was not tried yet, if there is one. Where most are ejected, some of them are picked all the same,
 * and one that refuses at once is always idle: for the time of the pick those that were tried look busy.
 */
function pickOther(router: Router, service: string, lane: Lane, tried: readonly Served[]): Pick {
  if (tried.length === 0) return router.pick(service, lane);
  for (const { load } of tried) load.inFlight += BUSY;
  let pick = router.pick(service, lane);
  for (let draws = 1; draws < MAX_DRAWS && wasTried(pick, tried); draws++) pick = router.pick(service, lane);
  for (const { load } of tried) load.inFlight -= BUSY;
  return pick;
}

function wasTried(pick: Pick, tried: readonly Served[]): boolean {
  return 'instance' in pick && tried.some(({ instance }) => instance.id === pick.instance.id);
}
