import { type Instance, isGraylaneError, type Lane, type Outcome } from '@graylane/core';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, type RouterOptions } from '../src/router.ts';
import type { EjectionNews } from '../src/service-picks.ts';

const GRAY = 'gray' as Lane;
const instance = (service: string, lane: string, port = 80): Instance => ({
  id: `${service}-${lane}-${port}`,
  service,
  host: '10.0.0.1',
  port,
  lane,
  weight: 1,
  zone: '',
  state: 'ready',
  metadata: {},
});

const routers: Router[] = [];
afterEach(async () => {
  for (const router of routers.splice(0)) await router.close();
});
async function create(options: Omit<RouterOptions, 'service'>): Promise<Router> {
  const router = createRouter({ service: 'front', ...options });
  routers.push(router);
  await router.ready();
  return router;
}

describe('a router', () => {
  it('refuses a lane of its own that is no lane name', () => {
    const registry = memoryRegistry();
    const create = (): unknown => createRouter({ service: 'front', lane: 'No Lane', registry });
    expect(create).toThrow(expect.objectContaining({ code: 'GL_LANE_INVALID' }));
  });

  it('is in stable unless it is told otherwise', async () => {
    expect((await create({ registry: memoryRegistry() })).lane).toBe('stable');
    expect((await create({ registry: memoryRegistry(), lane: 'gray' })).lane).toBe('gray');
  });

  it('finds a service whatever the case of its name, as hosts have none', async () => {
    const router = await create({ registry: memoryRegistry([instance('OrderService', 'gray')]) });
    for (const name of ['orderservice', 'OrderService', 'ORDERSERVICE']) {
      expect(router.pick(name, GRAY).kind).toBe('hit');
    }
  });

  it('follows its registry: a service that loses its last instance is known and empty', async () => {
    const registry = memoryRegistry([instance('stock', 'stable')]);
    const router = await create({ registry });
    expect(router.pick('cart').kind).toBe('unknown');
    registry.set([instance('cart', 'stable')]);
    expect(router.pick('cart').kind).toBe('hit');
    expect(router.pick('stock').kind).toBe('empty');
  });

  it('follows its policy', async () => {
    const policy = memoryPolicy({ version: 1, lanes: { gray: { strict: true } } });
    const router = await create({ registry: memoryRegistry([instance('stock', 'stable')]), policy });
    expect(router.pick('stock', GRAY).kind).toBe('empty');
    policy.set({ version: 1, lanes: { gray: {} } });
    expect(router.pick('stock', GRAY)).toMatchObject({ kind: 'fallback', lane: 'stable' });
    policy.set({ version: 1, lanes: { Bad: {} } });
    expect(router.pick('stock', GRAY)).toMatchObject({ kind: 'fallback', lane: 'stable' });
  });

  it('is not ready without its policy', async () => {
    const router = createRouter({ service: 'front', registry: memoryRegistry(), policy: memoryPolicy() });
    routers.push(router);
    const late: unknown = await router.ready(10).catch((error: unknown) => error);
    expect(isGraylaneError(late, 'GL_POLICY_UNAVAILABLE')).toBe(true);
  });

  it('counts a call in and out, and takes in how it went', async () => {
    const registry = memoryRegistry([instance('Stock', 'gray'), instance('Stock', 'stable')]);
    const router = await create({ registry, now: () => 0 });
    const pick = router.pick('stock', GRAY);
    if (pick.kind !== 'hit') throw new Error('expected a hit');
    const end = router.begin('stock', pick);
    expect(pick.load.inFlight).toBe(1);
    end('connect-failed');
    expect(pick.load.inFlight).toBe(0);
    expect(router.pick('stock', GRAY)).toMatchObject({ kind: 'fallback', because: 'ejected' });
  });

  it('tells others of an instance that it ejects or that answers again, and takes over what it is told', async () => {
    let now = 0;
    const instances = [instance('stock', 'gray'), instance('stock', 'stable')];
    const options = { now: () => now, settleMs: 0 };
    const one = await create({ registry: memoryRegistry(instances), ...options });
    const other = await create({ registry: memoryRegistry(instances), ...options });
    const told: EjectionNews[] = [];
    one.onEjection((news) => {
      told.push(news);
      other.hearEjection(news);
    });
    const stop = other.onEjection(() => {
      throw new Error('what was heard is not told on');
    });
    const call = (router: Router, outcome: Outcome): void => {
      const pick = one.pick('stock', GRAY);
      if ('instance' in pick) router.begin('stock', pick)(outcome);
    };
    call(one, 'ok');
    expect(told).toEqual([]);
    call(one, 'connect-failed');
    expect(told).toEqual([{ service: 'stock', instance: 'stock-gray-80', forMs: 5_000, unreachable: true }]);
    now = 4_999;
    expect(other.pick('stock', GRAY)).toMatchObject({ kind: 'fallback', because: 'ejected' });
    now = 5_000;
    expect(other.pick('stock', GRAY).kind).toBe('hit');
    call(one, 'ok');
    expect(told[1]).toMatchObject({ instance: 'stock-gray-80', forMs: 0 });
    stop();
    other.hearEjection({ service: 'nobody', instance: 'x', forMs: 1, unreachable: false });
    other.hearEjection({ service: 'STOCK', instance: 'x', forMs: 1, unreachable: false });
    expect(other.pick('stock', GRAY).kind).toBe('hit');
  });

  it('closes its sources with itself', async () => {
    const registry = memoryRegistry();
    const router = createRouter({ service: 'front', registry });
    await router.close();
    expect(() => registry.register(instance('front', 'stable'))).toThrow(
      expect.objectContaining({ code: 'GL_CLOSED' }),
    );
  });
});
