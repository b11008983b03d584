import type { Instance, InstanceState } from '@graylane/core';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deadInstance, type Started, startInstance, startStage, startWireInstance } from './stage.ts';
import { ask, connect } from './wire.ts';

const LANES = ['gray', 'next', 'strict', 'Not A Lane'];
const POLICY = {
  version: 1,
  lanes: { gray: {}, next: { fallback: ['gray'] }, strict: { strict: true } },
  rules: [{ name: 'testers', when: { fact: 'header.x-tester', equals: '1' }, lane: 'next' }],
};

/** What one instance is at the moment. */
const condition = fc.record({
  state: fc.constantFrom<InstanceState>('ready', 'ready', 'draining', 'down'),
  weight: fc.constantFrom(0, 1, 5),
  listed: fc.boolean(),
});

it('an untagged request never reaches an instance of a lane, whatever is down', async () => {
  const lanes = [...LANES, ...LANES, 'stable', 'stable'];
  const alive = await Promise.all(lanes.map((lane) => startInstance(lane)));
  const dead = await Promise.all(lanes.map((lane) => deadInstance(lane)));
  const rude = await Promise.all(
    ['stable', 'gray'].map((lane) => startWireInstance((socket) => socket.destroy(), lane)),
  );
  const all: readonly Instance[] = [...[...alive, ...rude].map(({ instance }) => instance), ...dead];
  const { port, registry } = await startStage(all, { policy: POLICY, picks: { settleMs: 0 } });
  const tagged = (started: readonly Started<never>[]): number =>
    started.reduce((sum, { instance, received }) => sum + (instance.lane === 'stable' ? 0 : received.length), 0);

  const wire = await connect(port);
  const statuses = new Set<number>();
  const conditions = fc.array(condition, { minLength: all.length, maxLength: all.length });
  await fc.assert(
    fc.asyncProperty(conditions, async (now) => {
      registry.set(
        all.flatMap((instance, index) => {
          const { listed = false, ...state } = now[index] ?? {};
          return listed ? [{ ...instance, ...state }] : [];
        }),
      );
      for (let request = 0; request < 4; request++) {
        wire.send('GET / HTTP/1.1\r\nHost: shop\r\nbaggage: graylane=gray\r\nx-graylane: gray\r\n\r\n');
        const { status, body } = await wire.answer();
        statuses.add(status);
        expect([200, 502, 503]).toContain(status);
        if (status === 200) expect(body.toString()).toBe('served by stable');
      }
      expect(tagged(alive as never)).toBe(0);
    }),
    { numRuns: 120 },
  );
  expect([...statuses].toSorted()).toEqual([200, 502, 503]); // so the states were worth the while

  registry.set(all);
  expect((await ask(port, { headers: ['x-tester: 1'] })).body.toString()).toBe('served by next');
});
