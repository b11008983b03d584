import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { seededRandom } from './chaos/random.ts';
import { Fleet, type Life } from './soak/fleet.ts';
import { Judge } from './soak/judge.ts';
import type { Measure } from './soak/messages.ts';
import { REVISIONS } from './soak/revisions.ts';

/** How many requests are sent; CI sends a million. */
const REQUESTS = Number(process.env.GRAYLANE_SOAK_REQUESTS ?? 20_000);

/** How many requests lie between two things done to instances, on average. Not time: a slow machine must not suffer more. */
const REQUESTS_BETWEEN = 1_500;

const LANES = ['stable', 'stable', 'stable', 'gray', 'gray', 'beta'];

/** How long the gateway may take to close what nobody uses, in milliseconds: more than its longest idle time. */
const SETTLE_MS = 30_000;

/** How much more the gateway may hold at the end than after the first tenth. */
const GROWTH = { factor: 1.25, MB: 4 };

it('a million requests of every kind are served as promised while everything around the gateway changes', async () => {
  const seed = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
  const random = seededRandom(seed);
  const judge: Judge = new Judge(() => fleet, REQUESTS * 2);
  const fleet: Fleet = new Fleet((report) => judge.hear(report));
  const done = { kills: 0, drains: 0, swaps: 0, reconfigurations: 0 };
  const measures: Record<string, Measure> = {};
  const began = performance.now();
  let seconds = 0;
  let over = false;
  try {
    const ports = await fleet.startGateway();
    await Promise.all(LANES.map((lane) => fleet.startInstance(lane)));
    measures.before = await fleet.measure();
    const { program: load } = await fleet.start('load');
    const swapping = (async () => {
      for (let step = 1; !over; step++) {
        const next = step % REVISIONS.length;
        await load.ask({ kind: 'revisions', revisions: [(step - 1) % REVISIONS.length, next] });
        await fleet.order({ kind: 'policy', revision: next });
        await load.ask({ kind: 'revisions', revisions: [next] });
        done.swaps++;
        if (step % 2 === 0) await fleet.order({ kind: 'reconfigure', step: ++done.reconfigurations });
        await sleep(1_000);
      }
    })();
    await load.ask({ kind: 'start', ports, requests: REQUESTS, seed });
    while (judge.counts === undefined) {
      wreak(fleet, random, done);
      const next = judge.done + REQUESTS_BETWEEN * 2 * random();
      while (judge.done < next && judge.counts === undefined) await sleep(20);
      if (!measures.early && judge.done > REQUESTS / 10) measures.early = await fleet.measure();
    }
    seconds = (performance.now() - began) / 1000;
    over = true;
    await swapping;
    load.child.kill();
    const until = performance.now() + SETTLE_MS;
    do {
      await sleep(500);
      measures.end = await fleet.measure();
    } while (performance.now() < until && !isCalm(measures.end, measures.before));
    judge.judgeFailures();
  } finally {
    over = true;
    fleet.close();
    const { counts, excused, violations } = judge;
    console.log(`seed ${seed}, ${seconds.toFixed(0)} s, ${(judge.done / seconds).toFixed(0)} requests/s
sent ${JSON.stringify(counts)}
${JSON.stringify(done)}
excused ${JSON.stringify(excused)}
${violations.length} violations
${Object.entries(measures)
  .map(([when, measure]) => `${when}: ${JSON.stringify(measure)}`)
  .join('\n')}`);
  }
  const { before, early, end } = measures as Required<typeof measures>;
  expect(judge.violations.slice(0, 10)).toEqual([]);
  expect(end).toMatchObject({ connections: 0, requests: 0, resources: before?.resources });
  expect(end?.heapMB).toBeLessThan((early?.heapMB ?? 0) * GROWTH.factor + GROWTH.MB);
  for (const times of Object.values(done)) expect(times).toBeGreaterThan(0);
}, 3_600_000);

/** Whether nothing is left of the load. */
function isCalm({ connections, requests, resources }: Measure, before: Measure): boolean {
  return connections + requests === 0 && JSON.stringify(resources) === JSON.stringify(before.resources);
}

/** Kills an instance, or a whole lane but for stable, or has one leave politely; and lets it come back later. */
function wreak(fleet: Fleet, random: () => number, done: { kills: number; drains: number }): void {
  const lane = LANES[Math.floor(random() * LANES.length)] as string;
  const candidates = fleet.ready(lane);
  if (lane === 'stable' && candidates.length < 2) return; // one stays
  const chosen = Math.floor(random() * candidates.length);
  const all = lane !== 'stable' && random() < 0.2;
  const drains = random() < 0.35;
  for (const life of all ? candidates : candidates.slice(chosen, chosen + 1)) {
    if (drains) done.drains++;
    else done.kills++;
    void comeBack(fleet, life, drains ? fleet.drain(life) : fleet.kill(life), random);
  }
}

async function comeBack(fleet: Fleet, { lane, port }: Life, gone: Promise<void>, random: () => number): Promise<void> {
  const sameAddress = random() < 0.5;
  const backAfter = random() * 1_000;
  await gone;
  await sleep(backAfter);
  await fleet.startInstance(lane, sameAddress ? port : 0);
}
