import { setTimeout as sleep } from 'node:timers/promises';
import { GraylaneError, type Instance } from '@graylane/core';
import type { Announcer, Registration } from './registry.ts';

/** How long one word with the registry may take, in milliseconds. */
const CALL_MS = 2_000;

/** The longest wait that a timer knows: there is nothing to renew. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Keeps one instance in a registry: puts it, renews it about three times per TTL, and puts it again when it was lost or
 * the registry was away. Words with the registry follow each other, so that an old one never arrives after a new one;
 * retries are spread, so that the instances of a registry that restarts do not come at once.
 */
export function keepRegistered(
  announcer: Announcer,
  first: Instance,
  onError: (error: Error) => void,
  random: () => number = Math.random,
): Registration {
  const stopped = new AbortController();
  const accepted = Promise.withResolvers<void>();
  let wanted = first;
  let told: Instance | undefined;
  let ttlMs: number | undefined;
  let attempt = 0;
  let lastWord: Promise<unknown> = Promise.resolve();
  let nap = new AbortController();
  let leaving: Promise<void> | undefined;

  const inTurn = (word: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const said = lastWord.then(() => word(AbortSignal.any([stopped.signal, AbortSignal.timeout(CALL_MS)])));
    lastWord = said.catch(() => {});
    return said;
  };

  const tell = async (signal: AbortSignal): Promise<void> => {
    const telling = wanted;
    if (told === telling) return;
    told = undefined;
    ({ ttlMs } = await announcer.put(telling, signal));
    told = telling;
    accepted.resolve();
  };

  const beat = async (signal: AbortSignal): Promise<void> => {
    const renewing = told === wanted && ttlMs !== undefined;
    if (renewing && (await announcer.renew(wanted, signal)) === 'gone') told = undefined;
    await tell(signal);
  };

  const wait = (): number => {
    if (attempt > 0) return 50 + random() * Math.min(5_000, 200 * 2 ** attempt);
    return ttlMs === undefined ? NEVER_MS : ttlMs * (0.25 + random() / 6);
  };

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      nap = new AbortController();
      try {
        await inTurn(beat);
        attempt = 0;
      } catch (error) {
        if (stopped.signal.aborted) return;
        told = undefined;
        attempt++;
        onError(error as Error);
      }
      const signal = AbortSignal.any([stopped.signal, nap.signal]);
      await sleep(wait(), undefined, { signal, ref: false }).catch(() => {});
    }
  };

  const leave = async (): Promise<void> => {
    stopped.abort();
    await lastWord;
    await announcer.remove(wanted, AbortSignal.timeout(CALL_MS)).catch(onError);
  };

  void run();

  return {
    accepted: accepted.promise,
    async replace(next) {
      if (leaving) throw new GraylaneError('GL_CLOSED', `${next.id} of ${next.service} was deregistered`);
      wanted = next;
      try {
        await inTurn(tell);
      } catch (error) {
        nap.abort(); // to try again soon
        throw error;
      }
    },
    deregister: () => {
      leaving ??= leave();
      return leaving;
    },
  };
}
