import { eventually } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';
import { drawWait, follow } from '../src/follow.ts';

/** A generator of numbers in [0, 1) that always gives the same (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('sessions', () => {
  it('follow each other after each loss until they are stopped, and each loss is told', async () => {
    const stop = new AbortController();
    const losses: string[] = [];
    let sessions = 0;
    await follow(
      async () => {
        sessions++;
        if (sessions === 2) throw 'no error object';
        if (sessions === 4) stop.abort();
        throw new Error(`lost ${sessions}`);
      },
      (error) => losses.push(error.message),
      () => false,
      stop.signal,
      { backoffMs: 1, maxBackoffMs: 2 },
    );
    expect(losses).toEqual(['lost 1', 'no error object', 'lost 3']);
  });

  it('that the source ends are lost; those that are begun anew are not', async () => {
    const stop = new AbortController();
    const losses: string[] = [];
    let sessions = 0;
    const following = follow(
      async (signal) => {
        sessions++;
        if (sessions === 1) return;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
      (error) => losses.push(error.message),
      () => true,
      stop.signal,
      { backoffMs: 1, resyncMs: 20 },
    );
    await eventually('it has been begun anew', () => sessions > 3);
    stop.abort();
    await following;
    expect(losses).toEqual(['the source ended the session']);
  });

  it('of a driver that throws at once are lost, too', async () => {
    const stop = new AbortController();
    const losses: string[] = [];
    await follow(
      () => {
        throw new Error('at once');
      },
      (error) => {
        losses.push(error.message);
        stop.abort();
      },
      () => false,
      stop.signal,
      { backoffMs: 1 },
    );
    expect(losses).toEqual(['at once']);
  });

  it('stop while they wait', async () => {
    const stop = new AbortController();
    let lost = false;
    const following = follow(
      () => Promise.reject(new Error('lost')),
      () => {
        lost = true;
      },
      () => false,
      stop.signal,
      { backoffMs: 3_600_000, maxBackoffMs: 3_600_000 },
    );
    await eventually('it waits', () => lost);
    stop.abort();
    await following;
  });

  it('of a thousand clients do not begin together when their source comes back', () => {
    const random = seeded(20_261_121);
    for (const [attempt, range] of [
      [0, 200],
      [1, 400],
      [5, 6_400],
      [7, 15_000],
      [1_000, 15_000],
    ] as const) {
      const waits = Array.from({ length: 1_000 }, () => drawWait(attempt, { random }));
      const tenths = Map.groupBy(waits, (wait) => Math.floor((10 * wait) / range));
      expect([...tenths.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      for (const tenth of tenths.values()) expect(Math.abs(tenth.length - 100)).toBeLessThan(40);
    }
  });

  it('do not follow each other without a pause, whatever chance says', () => {
    expect(drawWait(0, { random: () => 0 })).toBe(10);
  });
});
