import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { Fleet, type Life, type Slot } from './chaos/fleet.ts';
import { Judge } from './chaos/judge.ts';
import { startLoad } from './chaos/load.ts';
import { seededRandom } from './chaos/random.ts';

/**
 * How many requests must be judged, and how many processes of each kind killed meanwhile, at least. The kills go on for
 * as long as requests are judged; CI judges 100,000.
 */
const REQUESTS = Number(process.env.GRAYLANE_CHAOS_REQUESTS ?? 10_000);
const KILLS = { stable: 4, gray: 4, registry: 1 };

/** How many requests lie between two kills, on average. Not time: a slow machine must not be killed more often. */
const REQUESTS_BETWEEN = 700;

const KINDS = ['stable', 'gray', 'registry'] as const;
type Kills = Record<(typeof KINDS)[number], number>;

const SLOTS: readonly Slot[] = (['front', 'back'] as const).flatMap((service): Slot[] => [
  { service, lane: 'stable', client: 'http' },
  { service, lane: 'stable', client: 'http' },
  { service, lane: 'stable', client: 'fetch' },
  { service, lane: 'gray', client: 'http' },
  { service, lane: 'gray', client: 'fetch' },
]);

it('every request is served as promised while instances and the registry are killed', async () => {
  const seed = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
  const random = seededRandom(seed);
  const fleet = new Fleet(20_000 + (process.pid % 5_000));
  const judge = new Judge(fleet);
  const kills: Kills = { stable: 0, gray: 0, registry: 0 };
  const began = performance.now();
  let stop = async (): Promise<void> => {};
  try {
    await startAll(fleet);
    stop = startLoad(fleet.gateway.address, 24, random, (sent) => judge.judge(sent));
    // Until a whole lane was lost too, which in a short run need not happen.
    const enough = (): boolean =>
      judge.judged >= REQUESTS && KINDS.every((kind) => kills[kind] >= KILLS[kind]) && judge.counts.fallbackHops > 0;
    while (!enough()) {
      wreak(fleet, random, kills);
      const next = judge.judged + REQUESTS_BETWEEN * 2 * random();
      while (judge.judged < next) await sleep(20);
    }
    await stop();
    await sleep(500); // until the gateway has told of its last refusals
    judge.judgeRefused();
  } finally {
    fleet.close();
    await stop();
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const { counts, judged, violations } = judge;
    console.log(`seed ${seed}, ${seconds} s, killed ${JSON.stringify(kills)}, live ones dropped ${fleet.drops.length}
judged ${judged} requests: ${JSON.stringify({ ...counts, violations: violations.length })}`);
  }
  expect(judge.violations.slice(0, 10)).toEqual([]);
  expect(judge.judged).toBeGreaterThanOrEqual(REQUESTS);
  expect(judge.counts.grayHops).toBeGreaterThan(0);
  expect(judge.counts.fallbackHops).toBeGreaterThan(0);
}, 900_000);

async function startAll(fleet: Fleet): Promise<void> {
  await fleet.startRegistry();
  await Promise.all(SLOTS.map(async (slot) => fleet.startInstance(slot, await fleet.freePort())));
  await fleet.startGateway();
  const stables = [...fleet.up('front'), ...fleet.up('back')];
  while (!stables.every((life) => fleet.isKnown(life))) await sleep(20);
}

/** Kills one at random, or a service's whole gray lane, and lets it come back later. */
function wreak(fleet: Fleet, random: () => number, kills: Kills): void {
  const service = random() < 0.5 ? 'front' : 'back';
  const draw = random();
  const backAfter = 200 + random() * 1_300;
  const sameAddress = random() < 0.5;
  if (draw < 0.12) {
    const last = fleet.outages.at(-1);
    const settled = last === undefined || (last.to !== undefined && performance.now() - last.to > 6_000);
    if (settled) {
      kills.registry++;
      fleet.killRegistry();
      void sleep(backAfter).then(() => fleet.startRegistry());
    }
  } else {
    const lane = draw < 0.5 ? 'stable' : 'gray';
    const candidates = fleet.up(service, lane).filter((life) => lane === 'gray' || othersServe(fleet, life));
    const chosen = Math.floor(random() * candidates.length);
    const victims = draw < 0.8 ? candidates.slice(chosen, chosen + 1) : candidates; // at times a whole lane is lost
    for (const { slot, port } of victims.map((victim) => fleet.kill(victim))) {
      kills[lane]++;
      void sleep(backAfter).then(async () =>
        fleet.startInstance(slot as Slot, sameAddress ? port : await fleet.freePort()),
      );
    }
  }
}

/** Whether another stable instance of the service is up, and known to all who call it. */
function othersServe(fleet: Fleet, life: Life): boolean {
  const { service } = life.slot as Slot;
  return fleet.up(service, 'stable').some((other) => other !== life && fleet.isKnown(other));
}
