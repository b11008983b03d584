import { GraylaneError, isGraylaneError, parsePolicy } from '@graylane/core';
import { keepPolicy, keepRegistry, type PolicySink, type RegistrySink } from '@graylane/sources';
import { eventually, instanceOf, shown } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';

const [first, gray] = [instanceOf('orders', 8001), instanceOf('orders', 8009, { lane: 'gray' })];

/** A driver that a test plays by hand. */
function byHand<Sink>(): {
  driver: { name: string; watch(sink: Sink, signal: AbortSignal): Promise<void>; close(): Promise<void> };
  sink(): Promise<Sink>;
  lose(error: Error): void;
  closed(): number;
} {
  let present: { sink: Sink; lose: (error: Error) => void } | undefined;
  let closed = 0;
  return {
    driver: {
      name: 'by hand',
      watch: (sink, signal) =>
        new Promise((resolve, reject) => {
          present = { sink, lose: reject };
          signal.addEventListener('abort', () => resolve());
        }),
      close: async () => {
        closed++;
      },
    },
    sink: async () => (await eventually('a session has begun', () => present)).sink,
    lose: (error) => {
      present?.lose(error);
      present = undefined;
    },
    closed: () => closed,
  };
}

describe('a kept registry', () => {
  it('knows nothing until the source has said what there is', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver);
    const sink = await hand.sink();
    sink.alive();
    expect(registry.status()).toMatchObject({ freshness: 'none', origin: 'nowhere' });
    sink.sync([]);
    expect(registry.status()).toMatchObject({ freshness: 'fresh', origin: 'source' });
    await registry.ready();
    await registry.close();
    await registry.close();
  });

  it('does not believe a doubted push while the source is away', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver, { doubtMs: 50, backoffMs: 1 });
    (await hand.sink()).sync([first]);
    (await hand.sink()).sync([]);
    hand.lose(new Error('away'));
    await eventually('it is missed', () => registry.status().freshness === 'stale');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(shown(registry, 'orders')).toBe('8001');
    (await hand.sink()).alive();
    await eventually('it is believed', () => shown(registry, 'orders') === '');
    expect(registry.status().freshness).toBe('fresh');
    await registry.close();
  });

  it('does not say that the source was heard when only a doubt has ended', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver, { doubtMs: 50 });
    (await hand.sink()).sync([first]);
    (await hand.sink()).sync([]);
    const { heardAt } = registry.status();
    await eventually('it is believed', () => shown(registry, 'orders') === '');
    expect(registry.status().heardAt).toBe(heardAt);
    await registry.close();
  });

  it('takes nothing away because of a source that has only just begun', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver, { doubtMs: 60_000 });
    const sink = await hand.sink();
    sink.sync([first, gray]);
    sink.sync([], { ageMs: 0 });
    expect(shown(registry, 'orders')).toBe('8001 8009/gray');
    sink.change('orders', [first]);
    expect(shown(registry, 'orders')).toBe('8001 8009/gray');
    sink.change('orders', [first], [gray.id]);
    expect(shown(registry, 'orders')).toBe('8001');
    await registry.close();
  });

  it('goes on with the last good content when the driver refuses what comes, until something good comes', async () => {
    const hand = byHand<RegistrySink>();
    const told: Error[] = [];
    const registry = keepRegistry(hand.driver, { onError: (error) => told.push(error) });
    const sink = await hand.sink();
    sink.sync([first]);
    const refusal = (): Error => registry.status().error as Error;
    sink.refuse(new GraylaneError('GL_INSTANCES_INVALID', 'mistakes'));
    sink.refuse(new GraylaneError('GL_INSTANCES_INVALID', 'mistakes'));
    sink.alive();
    expect(refusal().message).toBe('mistakes');
    expect(told).toHaveLength(1);
    expect(registry.status().freshness).toBe('fresh');
    sink.change('orders', [first]);
    expect(refusal()).toBeUndefined();
    await registry.close();
  });

  it('makes ready() reject with the first refusal, and resolve once something good has come', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver);
    const sink = await hand.sink();
    sink.refuse(new GraylaneError('GL_INSTANCES_INVALID', 'mistakes'));
    const error = await registry.ready(60_000).catch((thrown) => thrown);
    expect(isGraylaneError(error, 'GL_INSTANCES_INVALID')).toBe(true);
    sink.sync([first]);
    await registry.ready();
    await registry.close();
  });

  it('goes on although whoever listens for errors fails', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver, {
      backoffMs: 1,
      onError: () => {
        throw new Error('a listener that fails');
      },
    });
    await hand.sink();
    hand.lose(new Error('away'));
    (await hand.sink()).sync([first]);
    expect(shown(registry, 'orders')).toBe('8001');
    await registry.close();
  });

  it('lets its driver go, last', async () => {
    const hand = byHand<RegistrySink>();
    const registry = keepRegistry(hand.driver);
    await hand.sink();
    await registry.close();
    expect(hand.closed()).toBe(1);
  });
});

describe('a kept policy', () => {
  it('takes a value as well as a text, and refuses what is neither', async () => {
    const hand = byHand<PolicySink>();
    const policies = keepPolicy(hand.driver);
    const sink = await hand.sink();
    const policy = parsePolicy('version: 1\nlanes: { gray: {} }\nrules: [{ name: all, lane: gray }]');
    sink.push(policy);
    const before = policies.current();
    expect(before?.policy).toEqual(policy);
    for (const value of [undefined, null, 7, [], 'x', new Map()]) {
      sink.push(value);
      expect(isGraylaneError(policies.status().refused, 'GL_POLICY_INVALID')).toBe(true);
    }
    expect(policies.current()).toBe(before);
    await policies.close();
    expect(hand.closed()).toBe(1);
  });

  it('that changes only in its segment files is a new one', async () => {
    const hand = byHand<PolicySink>();
    const policies = keepPolicy(hand.driver);
    const sink = await hand.sink();
    const text = 'version: 1\nsegments: { beta: { fact: ip, file: beta.txt } }';
    let news = 0;
    policies.subscribe(() => {
      news++;
    });
    sink.push(text, new Map([['beta.txt', ['a']]]));
    sink.push(text, new Map([['beta.txt', ['a']]]));
    expect(news).toBe(1);
    sink.push(text, new Map([['beta.txt', ['a', 'b']]]));
    expect(news).toBe(2);
    await policies.close();
  });
});
