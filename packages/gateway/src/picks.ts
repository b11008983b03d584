import { DEFAULT_ROUTING, type Lane, type Pick, type Routing, type Served } from '@graylane/core';
import type { Router } from '@graylane/node';
import type { Attempt } from './proxy-job.ts';

/** How often is drawn for an instance that was not tried yet. */
const MAX_DRAWS = 16;

/** More requests than any instance has under way. */
const BUSY = 1e9;

/**
 * Gives one instance after the other for a request; undefined when the pick is none. Each pick is told. When all instances
 * of the lane were tried, those of the lanes that it falls back to are: that they are still listed is no reason to fail.
 */
export function createPicks(
  router: Router,
  service: string,
  lane: Lane,
  onPick: (pick: Pick) => void,
  routing: Routing = DEFAULT_ROUTING,
): () => Attempt | undefined {
  const tried: Served[] = [];
  return () => {
    const pick = pickUntried(router, service, lane, routing, tried);
    onPick(pick);
    if (!('instance' in pick)) return undefined;
    tried.push(pick);
    return { instance: pick.instance, end: router.begin(service, pick) };
  };
}

/** An instance that was not tried yet, by the lanes of the chain in their order; one that was only when there is no other. */
function pickUntried(router: Router, service: string, lane: Lane, routing: Routing, tried: readonly Served[]): Pick {
  const pick = pickOther(router, service, lane, tried);
  if (!wasTried(pick, tried)) return pick;
  for (const later of routing.chain(service, lane).lanes.slice(1)) {
    const other = pickOther(router, service, later, tried);
    if ('instance' in other && other.lane === later && !wasTried(other, tried))
      return { ...other, kind: 'fallback', because: 'ejected' };
  }
  return pick;
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
