import { type Instance, isGraylaneError } from '@graylane/core';
import { type Announcer, keepRegistry, type Registration } from '@graylane/sources';
import { eventually, instanceOf } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';

const first = instanceOf('orders', 8001);
const drained: Instance = { ...first, state: 'draining' };

/** Registers with an announcer, and says what went wrong. */
function register(announcer: Partial<Announcer>): {
  registration: Registration;
  errors: Error[];
  close(): Promise<void>;
} {
  const errors: Error[] = [];
  const registry = keepRegistry(
    {
      name: 'test',
      watch: (sink, signal) => {
        sink.sync([]);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
      announcer: {
        put: async () => ({ ttlMs: 60 }),
        renew: async () => 'ok',
        remove: async () => {},
        ...announcer,
      },
    },
    { onError: (error) => errors.push(error), random: () => 0 },
  );
  return { registration: registry.register(first), errors, close: () => registry.close() };
}

describe('an instance that is kept registered', () => {
  it('is renewed about three times per time to live, and put again when it is gone', async () => {
    const words: string[] = [];
    const { registration, close } = register({
      put: async () => {
        words.push('put');
        return { ttlMs: 60 };
      },
      renew: async () => {
        words.push('renew');
        return words.length === 4 ? 'gone' : 'ok';
      },
    });
    await registration.accepted;
    await eventually('it was renewed some times', () => words.length > 6);
    await close();
    expect(words.slice(0, 6)).toEqual(['put', 'renew', 'renew', 'renew', 'put', 'renew']);
  });

  it('is not renewed where it has no time to live', async () => {
    const words: string[] = [];
    const { registration, close } = register({
      put: async ({ state }) => {
        words.push(state);
        return {};
      },
      renew: async () => {
        words.push('renew');
        return 'ok';
      },
    });
    await registration.accepted;
    await registration.replace(drained);
    await close();
    expect(words).toEqual(['ready', 'draining']);
  });

  it('is put until it is accepted', async () => {
    let attempts = 0;
    const { registration, errors, close } = register({
      put: async () => {
        attempts++;
        if (attempts < 4) throw new Error('away');
        return { ttlMs: 60_000 };
      },
    });
    await registration.accepted;
    expect(errors.map(({ message }) => message)).toEqual(['away', 'away', 'away']);
    await close();
  });

  it('is replaced in order: what is said last is what holds', async () => {
    const held: string[] = [];
    const slow = Promise.withResolvers<void>();
    let putting = false;
    const { registration, close } = register({
      put: async ({ state }) => {
        putting = true;
        if (state === 'ready') await slow.promise;
        held.push(state);
        return { ttlMs: 60_000 };
      },
    });
    await eventually('the first is being put', () => putting);
    const replaced = registration.replace(drained);
    slow.resolve();
    await replaced;
    expect(held).toEqual(['ready', 'draining']);
    await close();
  });

  it('is replaced later when the registry cannot be told now', async () => {
    const held: string[] = [];
    let away = false;
    const { registration, close } = register({
      put: async ({ state }) => {
        if (away) throw new Error('away');
        held.push(state);
        return { ttlMs: 3_600_000 };
      },
    });
    await registration.accepted;
    away = true;
    await expect(registration.replace(drained)).rejects.toThrow('away');
    away = false;
    await eventually('it was told', () => held.includes('draining'));
    await close();
  });

  it('leaves after all that was said before, once, and is not put again', async () => {
    const words: string[] = [];
    const { registration, close } = register({
      put: async (_instance, signal) => {
        words.push('put');
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        return {};
      },
      remove: async () => {
        words.push('remove');
      },
    });
    await eventually('it is being put', () => words.length === 1);
    await Promise.all([registration.deregister(), registration.deregister()]);
    expect(words).toEqual(['put', 'remove']);
    const error = await registration.replace(drained).catch((thrown) => thrown);
    expect(isGraylaneError(error, 'GL_CLOSED')).toBe(true);
    await close();
    expect(words).toEqual(['put', 'remove']);
  });

  it('leaves although the registry cannot be told, which is reported', async () => {
    const { registration, errors, close } = register({ remove: () => Promise.reject(new Error('away')) });
    await registration.accepted;
    await registration.deregister();
    expect(errors.map(({ message }) => message)).toEqual(['away']);
    await close();
  });
});
