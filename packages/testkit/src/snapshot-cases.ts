import assert from 'node:assert/strict';
import type { Snapshot } from '@graylane/sources';
import { instanceOf, shown } from './registry-harness.ts';
import type { RegistryCase } from './registry-stage.ts';
import { eventually } from './runner.ts';

const [first, second, third] = [instanceOf('orders', 8001), instanceOf('orders', 8002), instanceOf('orders', 8003)];
const gray = instanceOf('orders', 8009, { lane: 'gray' });
const stock = instanceOf('stock', 9001);

/** Cases of what a registry shows while all is well. */
export function snapshotCases(test: RegistryCase): void {
  test('the first snapshot has every instance of every service', [], async ({ source, open }) => {
    await source.set([first, second, stock]);
    const registry = open();
    await registry.ready();
    assert.equal(shown(registry, 'orders'), '8001 8002');
    assert.equal(shown(registry, 'stock'), '9001');
    assert.deepEqual(registry.snapshot().services.get('stock')?.[0], stock);
  });

  test('a source without instances is ready, too', [], async ({ source, open }) => {
    await source.set([]);
    const registry = open();
    await registry.ready();
    assert.equal(registry.snapshot().services.size, 0);
    assert.equal(registry.status().freshness, 'fresh');
  });

  test('new, changed and further instances arrive', [], async ({ source, open }) => {
    await source.set([first]);
    const registry = open();
    await registry.ready();
    await source.set([{ ...first, state: 'draining' }, second]);
    await eventually('both are there', () => shown(registry, 'orders') === '8001/stable/draining 8002');
    await source.set([first, second, stock]);
    await eventually('stock is there', () => shown(registry, 'stock') === '9001');
    await eventually('the first is ready again', () => shown(registry, 'orders') === '8001 8002');
  });

  test("an instance's lane is read from its metadata", [], async ({ source, open }) => {
    await source.set([first, gray]);
    const registry = open();
    await registry.ready();
    assert.equal(shown(registry, 'orders'), '8001 8009/gray');
  });

  test('weight, zone and metadata arrive as they were given', [], async ({ source, open }) => {
    const special = instanceOf('orders', 8001, {
      weight: 2.5,
      zone: 'eu-1a',
      metadata: { team: 'Käse 🧀', empty: '' },
    });
    await source.set([special]);
    const registry = open();
    await registry.ready();
    assert.deepEqual(registry.snapshot().services.get('orders')?.[0], special);
  });

  test('a service that did not change keeps its very list', [], async ({ source, open }) => {
    await source.set([first, stock]);
    const registry = open();
    await registry.ready();
    const before = registry.snapshot();
    await source.set([first, stock, second]);
    await eventually('the second is there', () => shown(registry, 'orders') === '8001 8002');
    assert.equal(registry.snapshot().services.get('stock'), before.services.get('stock'));
    assert.ok(registry.snapshot().version > before.version);
    assert.notEqual(registry.snapshot(), before);
    assert.equal(before.services.get('orders')?.length, 1, 'a snapshot that was given out does not change');
  });

  test('snapshots, lists and instances are frozen', [], async ({ source, open }) => {
    await source.set([first]);
    const registry = open();
    await registry.ready();
    const snapshot = registry.snapshot();
    const list = snapshot.services.get('orders');
    for (const value of [snapshot, list, list?.[0]]) assert.ok(Object.isFrozen(value));
  });

  test('a listener hears each snapshot until it is unsubscribed, whatever others do', [], async ({ source, open }) => {
    await source.set([first]);
    const registry = open();
    await registry.ready();
    const heard: Snapshot[] = [];
    registry.subscribe(() => {
      throw new Error('a listener that fails');
    });
    const unsubscribe = registry.subscribe((snapshot) => heard.push(snapshot));
    assert.equal(heard.length, 0, 'the present snapshot is no news');
    await source.set([first, second]);
    await eventually('the second is there', () => shown(registry, 'orders') === '8001 8002');
    assert.equal(heard.at(-1), registry.snapshot());
    assert.deepEqual(
      heard.map(({ version }) => version),
      [...heard.keys()].map((index) => index + (heard[0]?.version ?? 0)),
    );
    unsubscribe();
    const before = heard.length;
    await source.set([first, second, third]);
    await eventually('the third is there', () => shown(registry, 'orders') === '8001 8002 8003');
    assert.equal(heard.length, before);
  });

  test('a session that is begun anew brings what changed and no other news', [], async ({ source, open }) => {
    await source.set([first]);
    const registry = open({ resyncMs: 60 });
    await registry.ready();
    const { version } = registry.snapshot();
    const since = Date.now();
    await eventually('some sessions have passed', () => registry.status().heardAt > since + 300);
    assert.equal(registry.snapshot().version, version);
    await source.set([first, second]);
    await eventually('the second is there', () => shown(registry, 'orders') === '8001 8002');
  });
}
