import { describe, expect, it } from '@jest/globals';
import { startInstance, startStage } from './stage.ts';
import { ask, valuesOf } from './wire.ts';

describe('a lane that is a whole other environment', () => {
  it('gets the whole request, with nothing of the lane in it, and is recorded', async () => {
    const stable = await startInstance('stable');
    const next = await startInstance('elsewhere');
    const { port, record } = await startStage([stable.instance], {
      policy: {
        version: 1,
        lanes: { 'next-env': { environment: `http://127.0.0.1:${next.instance.port}` } },
        rules: [{ name: 'next', when: { fact: 'header.x-next', equals: '1' }, lane: 'next-env' }],
      },
    });
    const answer = await ask(port, { target: '/a?b', headers: ['x-next: 1', 'baggage: a=b'] });
    expect(answer.body.toString()).toBe('served by elsewhere');
    const [received] = next.received;
    expect(received?.target).toBe('/a?b');
    expect(valuesOf(received?.lines ?? [], 'host')).toEqual(['shop']);
    expect(valuesOf(received?.lines ?? [], 'baggage')).toEqual(['a=b']);
    expect(valuesOf(received?.lines ?? [], 'x-graylane')).toEqual([]);
    expect(await record()).toMatchObject({ decision: { lane: 'next-env' }, pick: { kind: 'hit', lane: 'next-env' } });
    expect((await ask(port, {})).body.toString()).toBe('served by stable');
  });
});

describe('via', () => {
  it('is added behind what others wrote, with the version that the request came with', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    await ask(port, { headers: ['Via: 1.0 fred'] });
    expect(valuesOf(received[0]?.lines ?? [], 'via')).toEqual([
      '1.0 fred',
      expect.stringMatching(/^1\.1 graylane-[0-9a-f]{6}$/),
    ]);
  });

  it('ends a request that comes back', async () => {
    const looping = await startStage([]);
    looping.registry.set([{ ...(await startInstance()).instance, port: looping.port, id: 'itself' }]);
    const answer = await ask(looping.port, {});
    expect(answer.status).toBe(508);
    expect(JSON.parse(answer.body.toString()).error.code).toBe('GL_LOOP');
  });

  it('ends a request that has passed too many gateways', async () => {
    const { instance } = await startInstance();
    const { port } = await startStage([instance]);
    const passed = (count: number): string =>
      Array.from({ length: count }, (_, at) => `1.1 graylane-00000${at}`).join(', ');
    expect((await ask(port, { headers: [`Via: ${passed(8)}`] })).status).toBe(200);
    expect((await ask(port, { headers: [`Via: ${passed(9)}`] })).status).toBe(508);
  });
});
