import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { createAdminServer } from '../src/admin.ts';
import { atEnd, POLICY, type Stage, startInstance, startStage } from './stage.ts';
import { ask } from './wire.ts';

async function startAdmin(): Promise<{ stage: Stage; get: (target: string) => Promise<[number, unknown]> }> {
  const { instance } = await startInstance();
  const stage = await startStage([instance]);
  const admin = createAdminServer(stage.gateway).listen(0, '127.0.0.1');
  await once(admin, 'listening');
  atEnd(() => admin.close());
  const { port } = admin.address() as AddressInfo;
  const get = async (target: string): Promise<[number, unknown]> => {
    const { status, body } = await ask(port, { target });
    return [status, JSON.parse(body.toString())];
  };
  return { stage, get };
}

it('a gateway is healthy as long as it lives, and ready until it drains', async () => {
  const { stage, get } = await startAdmin();
  expect(await get('/healthz')).toEqual([200, { ok: true }]);
  expect(await get('/readyz')).toEqual([200, { ready: true, draining: false }]);
  const closing = stage.gateway.close({ drainMs: 100 });
  expect(await get('/readyz')).toEqual([503, { ready: false, draining: true }]);
  expect(await get('/healthz')).toEqual([200, { ok: true }]);
  await closing;
});

it('a gateway says what it knows, and why a policy was refused', async () => {
  const { stage, get } = await startAdmin();
  expect(await get('/status')).toMatchObject([
    200,
    {
      ready: true,
      draining: false,
      registry: { freshness: 'fresh', origin: 'source' },
      policy: { freshness: 'fresh', revision: expect.stringMatching(/^[0-9a-f]{16}$/) },
    },
  ]);
  stage.policy.set({ ...POLICY, rules: [{ name: 'x', when: {}, lane: 'unheard-of' }] });
  const [, status] = await get('/status');
  expect(status).toMatchObject({ ready: true, policy: { refused: expect.stringContaining('rules[0].lane') } });
});

it('a gateway that knows nothing yet is not ready', async () => {
  const { stage, get } = await startAdmin();
  await stage.gateway.close();
  expect((await get('/readyz'))[0]).toBe(503);
});

it('there is nothing else to be asked', async () => {
  const { get } = await startAdmin();
  expect(await get('/')).toEqual([404, { error: 'There are /healthz, /readyz and /status.' }]);
});
