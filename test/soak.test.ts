import { randomInt } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { Measure } from './soak/messages.ts';
import { Run } from './soak/run.ts';

/** How many requests are sent: `npm run test:soak` says a million. */
const REQUESTS = Number(process.env.GRAYLANE_SOAK_REQUESTS);

/** How much more the gateway may hold at the end, without load, than after the first tenth under load; in megabytes. */
const GROWTH_MB = { heapMB: 4, externalMB: 24 };

it('requests of every kind are served as promised while everything around the gateway changes', async () => {
  const seed = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
  const run = new Run(REQUESTS, seed);
  await run.toEnd().finally(() => console.log(describe(run, seed)));
  const { before, early, end } = run.measures as Required<Run['measures']>;
  expect(run.judge.violations.slice(0, 10)).toEqual([]);
  expect(end).toMatchObject({ connections: 0, requests: 0, resources: before.resources });
  for (const memory of ['heapMB', 'externalMB'] as const)
    expect(end[memory]).toBeLessThan(early[memory] + GROWTH_MB[memory]);
  for (const times of Object.values(run.done)) expect(times).toBeGreaterThan(0);
}, 3_600_000);

function describe({ judge, done, measures, seconds }: Run, seed: number): string {
  const { counts, excused, violations } = judge;
  const measured = Object.entries(measures).map(
    ([when, each]: [string, Measure]) => `${when}: ${JSON.stringify(each)}`,
  );
  return [
    `seed ${seed}, ${REQUESTS} requests in ${seconds.toFixed(0)} s, ${(REQUESTS / seconds).toFixed(0)} a second`,
    `sent: ${JSON.stringify(counts)}`,
    `done: ${JSON.stringify(done)}`,
    `excused: ${JSON.stringify(excused)}`,
    `violations: ${violations.length}`,
    ...measured,
  ].join('\n');
}
