import assert from 'node:assert/strict';
import { instanceOf, shown } from './registry-harness.ts';
import type { RegistryCase } from './registry-stage.ts';
import { eventually } from './runner.ts';

const [first, second, third] = [instanceOf('orders', 8001), instanceOf('orders', 8002), instanceOf('orders', 8003)];
const gray = instanceOf('orders', 8009, { lane: 'gray' });
const stock = instanceOf('stock', 9001);

/** Cases of what is believed when instances disappear. */
export function doubtCases(test: RegistryCase): void {
  test('that all of stable is gone is doubted first, and believed if it stays so', [], async ({ source, open }) => {
    await source.set([first, second, gray]);
    const registry = open();
    await registry.ready();
    const seen: string[] = [];
    registry.subscribe(() => seen.push(shown(registry, 'orders')));
    await source.set([gray, stock]);
    await eventually('the news is there', () => shown(registry, 'stock') === '9001');
    assert.equal(seen[0], '8001 8002 8009/gray');
    await eventually('it is believed', () => shown(registry, 'orders') === '8009/gray');
  });

  test('a doubt ends when the instances come back', [], async ({ source, open }) => {
    await source.set([first, second]);
    const registry = open({ doubtMs: 60_000 });
    await registry.ready();
    await source.set([stock]);
    await eventually('the news is there', () => shown(registry, 'stock') === '9001');
    await source.set([stock, first, second, third]);
    await eventually('all are there', () => shown(registry, 'orders') === '8001 8002 8003');
    await source.set([stock, first, third]);
    await eventually('a single loss is believed', () => shown(registry, 'orders') === '8001 8003');
  });

  test('that a lane is gone is believed at once', [], async ({ source, open }) => {
    await source.set([first, gray]);
    const registry = open({ doubtMs: 60_000 });
    await registry.ready();
    await source.set([first]);
    await eventually('it is gone', () => shown(registry, 'orders') === '8001');
  });

  test('the last instance that left on purpose is not kept', ['leaving'], async ({ source, open }) => {
    await source.set([first, stock]);
    const registry = open({ doubtMs: 60_000 });
    await registry.ready();
    await source.leave?.(first);
    await eventually('it is gone', () => shown(registry, 'orders') === '');
    assert.equal(shown(registry, 'stock'), '9001');
  });

  test('a source that lost its memory empties nothing', ['forgetting'], async ({ source, open }) => {
    await source.set([first, gray]);
    const registry = open({ doubtMs: 60_000 });
    await registry.ready();
    await source.forget?.();
    await source.set([stock]);
    await eventually('it is heard again', () => shown(registry, 'stock') === '9001');
    assert.match(shown(registry, 'orders'), /^8001/);
  });
}
