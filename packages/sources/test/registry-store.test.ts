import { eventually, instanceOf, show } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';
import { type Change, InstanceStore } from '../src/registry-store.ts';

const [first, second] = [instanceOf('orders', 8001), instanceOf('orders', 8002)];
const limits = { instances: 3, instancesPerService: 2, changes: 2 };

/** A store whose clock the test moves. Its own sweeper never comes. */
function storeAt(clock: { now: number }): { store: InstanceStore; changes: Change[] } {
  const store = new InstanceStore({ limits, sweepMs: 3_600_000, now: () => clock.now });
  const changes: Change[] = [];
  store.subscribe((change) => changes.push(change));
  return { store, changes };
}

describe('a store of instances', () => {
  it('forgets what is not renewed, and does not say that it left', async () => {
    const clock = { now: 0 };
    const { store, changes } = storeAt(clock);
    store.put(first, 100);
    store.put(second, 100);
    clock.now = 90;
    expect(store.renew('orders', first.id)).toBe(true);
    clock.now = 110;
    store.sweep(1_000);
    expect(show(store.list('orders'))).toBe('8001');
    await eventually('it is told', () => changes.length > 0);
    expect(changes.at(-1)?.left).toEqual([]);
    clock.now = 190;
    store.sweep(1_000);
    expect(store.list()).toEqual([]);
    expect(store.renew('orders', first.id)).toBe(false);
    store.close();
  });

  it('does not hold it against anyone that it did not run itself', () => {
    const clock = { now: 0 };
    const { store } = storeAt(clock);
    store.put(first, 200);
    clock.now = 50;
    store.sweep(50);
    clock.now = 3_600_000;
    store.sweep(50);
    expect(show(store.list())).toBe('8001');
    clock.now += 50;
    store.sweep(50);
    clock.now += 50;
    store.sweep(50);
    expect(store.list()).toEqual([]);
    store.close();
  });

  it('tells of changes that come together once, and of what left among them', async () => {
    const { store, changes } = storeAt({ now: 0 });
    store.put(first, 100);
    store.put(second, 100);
    store.remove('orders', first.id);
    store.put(instanceOf('stock', 1), 100);
    await eventually('both services were told', () => changes.length === 2);
    expect(changes.map(({ revision, service, left }) => ({ revision, service, left }))).toEqual([
      { revision: 1, service: 'orders', left: [first.id] },
      { revision: 2, service: 'stock', left: [] },
    ]);
    expect(show(changes[0]?.instances ?? [])).toBe('8002');
    store.remove('orders', second.id);
    store.put(second, 100);
    await eventually('it is told', () => changes.length === 3);
    expect(changes[2]?.left).toEqual([]);
    store.close();
  });

  it('does not tell of an instance that is put again as it is', async () => {
    const { store, changes } = storeAt({ now: 0 });
    store.put(first, 100);
    await eventually('it is told', () => changes.length === 1);
    store.put({ ...first }, 100);
    store.put(second, 100);
    await eventually('the second is told', () => changes.length === 2);
    expect(store.revision).toBe(2);
    store.close();
  });

  it('keeps the last changes for those who come back', async () => {
    const { store, changes } = storeAt({ now: 0 });
    for (const [count, service] of ['a', 'b', 'c'].entries()) {
      store.put(instanceOf(service, 1), 100);
      await eventually('it is told', () => changes.length === count + 1);
    }
    expect(store.since(3)).toEqual([]);
    expect(store.since(1)?.map(({ service }) => service)).toEqual(['b', 'c']);
    expect(store.since(0)).toBeUndefined();
    expect(store.since(4)).toBeUndefined();
    store.close();
  });

  it('holds no more than it may', () => {
    const { store } = storeAt({ now: 0 });
    expect([first, second, instanceOf('orders', 8003)].map((instance) => store.put(instance, 100))).toEqual([
      undefined,
      undefined,
      'instancesPerService',
    ]);
    expect(store.put({ ...first, weight: 2 }, 100)).toBeUndefined();
    expect(store.put(instanceOf('stock', 1), 100)).toBeUndefined();
    expect(store.put(instanceOf('stock', 2), 100)).toBe('instances');
    store.remove('orders', first.id);
    expect(store.put(instanceOf('stock', 2), 100)).toBeUndefined();
    store.close();
  });

  it('says how long it has run, so that clients know what it cannot know yet', () => {
    const clock = { now: 300 };
    const { store } = storeAt(clock);
    expect(store.ageMs).toBe(0);
    clock.now = 800.4;
    expect(store.ageMs).toBe(500);
    store.close();
  });
});
