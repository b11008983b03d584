import assert from 'node:assert/strict';
import { isGraylaneError } from '@graylane/core';
import { instanceOf, show, shown } from './registry-harness.ts';
import type { RegistryCase } from './registry-stage.ts';
import { eventually } from './runner.ts';

const [first, second] = [instanceOf('orders', 8001), instanceOf('orders', 8002, { lane: 'gray' })];

/** Cases of a registry that takes registrations, or the one of a registry that does not. */
export function registrationCases(test: RegistryCase, registers: boolean): void {
  if (!registers)
    test('a registration is refused at once', [], async ({ open }) => {
      const registry = open();
      assert.throws(
        () => registry.register(first),
        (error) => isGraylaneError(error, 'GL_REGISTRY_REFUSED'),
      );
    });

  test('an instance that is registered is seen by all, and until it is deregistered', ['registration'], async (t) => {
    const [here, there] = [t.open({ doubtMs: 60_000 }), t.open({ doubtMs: 60_000 })];
    const registration = here.register(first);
    await registration.accepted;
    for (const registry of [here, there]) await eventually('it is seen', () => shown(registry, 'orders') === '8001');
    assert.deepEqual(there.snapshot().services.get('orders')?.[0], first);
    await registration.deregister();
    assert.equal(show(await t.source.listed()), '');
    for (const registry of [here, there]) await eventually('it is gone', () => shown(registry, 'orders') === '');
    await registration.deregister();
  });

  test('an instance that drains is seen to drain', ['registration'], async (t) => {
    const [here, there] = [t.open(), t.open()];
    const registration = here.register(first);
    await registration.accepted;
    await registration.replace({ ...first, state: 'draining' });
    assert.equal(show(await t.source.listed()), '8001/stable/draining');
    await eventually('it is seen', () => shown(there, 'orders') === '8001/stable/draining');
  });

  test(
    'an instance that is left alone stays for longer than its time to live',
    ['registration'],
    async ({ source, open }) => {
      const here = open();
      await here.register(first).accepted;
      const since = performance.now();
      while (performance.now() < since + 1_500) {
        assert.equal(show(await source.listed()), '8001');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  );

  test('two that register do not disturb each other', ['registration'], async (t) => {
    const [here, there] = [t.open({ doubtMs: 60_000 }), t.open({ doubtMs: 60_000 })];
    const registrations = [here.register(first), there.register(second)];
    await Promise.all(registrations.map(({ accepted }) => accepted));
    await eventually('both are seen', () => shown(here, 'orders') === '8001 8002/gray');
    await registrations[0]?.deregister();
    await eventually('one is gone', () => shown(there, 'orders') === '8002/gray');
    assert.equal(show(await t.source.listed()), '8002/gray');
  });

  test(
    'an instance comes back by itself after the source lost its memory',
    ['registration', 'forgetting'],
    async (t) => {
      const here = t.open();
      await here.register(first).accepted;
      await t.source.forget?.();
      await eventually('it is back', async () => show(await t.source.listed()) === '8001');
    },
  );

  test('an instance is accepted as soon as the source is there', ['registration', 'outage'], async (t) => {
    await t.source.stop?.();
    const here = t.open();
    const registration = here.register(first);
    await eventually('it was tried in vain', () => here.status().error);
    await assert.rejects(registration.replace({ ...first, weight: 2 }));
    await t.source.start?.();
    await registration.accepted;
    assert.equal((await t.source.listed())[0]?.weight, 2);
  });

  test('close() takes out what is still registered', ['registration'], async ({ source, open }) => {
    const here = open();
    await here.register(first).accepted;
    await here.close();
    assert.equal(show(await source.listed()), '');
    assert.throws(
      () => here.register(first),
      (error) => isGraylaneError(error, 'GL_CLOSED'),
    );
  });

  test('to leave a source that is away takes no longer than promised', ['registration', 'outage'], async (t) => {
    const here = t.open();
    const registration = here.register(first);
    await registration.accepted;
    await t.source.stop?.();
    await registration.deregister();
    await assert.rejects(registration.replace(first), (error) => isGraylaneError(error, 'GL_CLOSED'));
  });
}
