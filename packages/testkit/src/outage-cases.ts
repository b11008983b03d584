import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isGraylaneError } from '@graylane/core';
import type { Snapshot } from '@graylane/sources';
import { instanceOf, shown } from './registry-harness.ts';
import type { RegistryCase } from './registry-stage.ts';
import { eventually } from './runner.ts';

const [first, second] = [instanceOf('orders', 8001), instanceOf('orders', 8002)];
const gray = instanceOf('orders', 8009, { lane: 'gray' });
const stock = instanceOf('stock', 9001);

/** Cases of a source that is away or talks nonsense. */
export function outageCases(test: RegistryCase): void {
  test('ready() rejects in time when the source is away', ['outage'], async ({ source, open }) => {
    await source.stop?.();
    const registry = open();
    await assert.rejects(registry.ready(300), (error) => isGraylaneError(error, 'GL_REGISTRY_UNAVAILABLE'));
    const { freshness, origin, heardAt, error } = registry.status();
    assert.deepEqual({ freshness, origin, heardAt }, { freshness: 'none', origin: 'nowhere', heardAt: 0 });
    assert.ok(error);
    await source.set([first]);
    await source.start?.();
    await registry.ready();
    assert.equal(shown(registry, 'orders'), '8001');
  });

  test('the last good content stays while the source is away; what changed comes with it', ['outage'], async (t) => {
    const { source, open } = t;
    await source.set([first, gray]);
    const registry = open();
    await registry.ready();
    const before = registry.snapshot();
    await source.stop?.();
    await eventually('it is missed', () => registry.status().freshness === 'stale' && registry.status().error);
    assert.equal(registry.snapshot(), before);
    await source.set([first, gray, second]);
    await source.start?.();
    await eventually('the second is there', () => shown(registry, 'orders') === '8001 8002 8009/gray');
    assert.equal(registry.status().freshness, 'fresh');
    assert.equal(registry.status().error, undefined);
  });

  test(
    'a process starts from its state directory while the source is away',
    ['outage'],
    async ({ stage, source, open }) => {
      const stateDirectory = await stage.directory();
      await source.set([first, gray, stock]);
      const before = open({ stateDirectory });
      await before.ready();
      await before.close();
      await source.stop?.();
      const registry = open({ stateDirectory, doubtMs: 60_000 });
      await registry.ready(2_000);
      assert.equal(shown(registry, 'orders'), '8001 8009/gray');
      assert.equal(shown(registry, 'stock'), '9001');
      assert.deepEqual([registry.status().freshness, registry.status().origin], ['stale', 'disk']);
      await source.set([first, second, stock]);
      await source.start?.();
      await eventually('the source is heard', () => shown(registry, 'orders').startsWith('8001 8002'));
      assert.deepEqual([registry.status().freshness, registry.status().origin], ['fresh', 'source']);
    },
  );

  test("the state file is its owner's alone and holds no secret", [], async ({ stage, source, open }) => {
    const stateDirectory = await stage.directory();
    await source.set([first]);
    const registry = open({ stateDirectory });
    await registry.ready();
    await registry.close();
    const files = await readdir(stateDirectory);
    assert.equal(files.length, 1);
    const path = join(stateDirectory, files[0] ?? '');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const said = [registry.name, path, await readFile(path, 'utf8')].join();
    for (const secret of source.secrets) assert.ok(!said.includes(secret));
  });

  test('what cannot be read is reported and changes nothing', ['corruption'], async ({ source, open }) => {
    await source.set([first]);
    const registry = open();
    await registry.ready();
    const before = registry.snapshot();
    await source.corrupt?.();
    const error = await eventually('it is reported', () => registry.status().error);
    assert.ok(isGraylaneError(error));
    assert.equal(registry.snapshot(), before);
    await source.set([first, second]);
    await eventually('the second is there', () => shown(registry, 'orders') === '8001 8002');
    assert.equal(registry.status().error, undefined);
  });
}

/** Cases of a registry that is closed. */
export function closingCases(test: RegistryCase): void {
  test('after close() nobody is told anything, and what was known stays known', [], async ({ source, open }) => {
    await source.set([first]);
    const registry = open();
    await registry.ready();
    const heard: Snapshot[] = [];
    registry.subscribe((snapshot) => heard.push(snapshot));
    await registry.close();
    const other = open();
    await source.set([first, second]);
    await eventually('another one knows', () => shown(other, 'orders') === '8001 8002');
    assert.deepEqual(heard, []);
    assert.equal(shown(registry, 'orders'), '8001');
    await registry.close();
  });

  test(
    'close() ends although the source is away, and whoever waits learns of it',
    ['outage'],
    async ({ source, open }) => {
      await source.stop?.();
      const registry = open();
      const waiting = assert.rejects(registry.ready(60_000), (error) => isGraylaneError(error, 'GL_CLOSED'));
      await registry.close();
      await waiting;
    },
  );
}
