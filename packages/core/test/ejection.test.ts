import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  EJECTION_DEFAULTS,
  type Ejection,
  type EjectionOptions,
  NOT_EJECTED,
  type Outcome,
  observe,
  takeOver,
} from '../src/ejection.ts';

const OPTIONS: EjectionOptions = { timeouts: 3, baseMs: 1000, maxMs: 30_000 };

/** The state of an instance after each of some outcomes. */
const after = (...outcomes: readonly (readonly [now: number, outcome: Outcome])[]): Ejection =>
  outcomes.reduce((state, [now, outcome]) => observe(state, outcome, now, OPTIONS), NOT_EJECTED);

describe('ejection', () => {
  it('has sensible times where nothing else is asked for', () => {
    expect(EJECTION_DEFAULTS.timeouts).toBeGreaterThan(1);
    expect(EJECTION_DEFAULTS.baseMs).toBeGreaterThan(0);
    expect(EJECTION_DEFAULTS.maxMs).toBeGreaterThan(EJECTION_DEFAULTS.baseMs);
  });

  it('a connection that fails ejects at once, for a second', () => {
    expect(after([100, 'connect-failed']).until).toBe(1100);
  });

  it('timeouts eject when three come in a row', () => {
    expect(after([0, 'timeout'], [1, 'timeout']).until).toBe(0);
    expect(after([0, 'timeout'], [1, 'timeout'], [2, 'timeout']).until).toBe(1002);
    expect(after([0, 'timeout'], [1, 'timeout'], [2, 'ok'], [3, 'timeout'], [4, 'timeout']).until).toBe(0);
  });

  it('a connection that fails after a timeout ejects at once', () => {
    expect(after([0, 'timeout'], [1, 'connect-failed']).until).toBe(1001);
  });

  it('each further ejection lasts twice as long, to half a minute', () => {
    let state = NOT_EJECTED;
    const lengths: number[] = [];
    for (let round = 0; round < 40; round++) {
      const now = state.until;
      state = observe(state, 'connect-failed', now, OPTIONS);
      lengths.push(state.until - now);
    }
    expect(lengths.slice(0, 7)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(lengths.at(-1)).toBe(30_000);
  });

  it('calls that were under way when it was ejected do not eject it longer', () => {
    const ejected = after([0, 'connect-failed']);
    expect(observe(ejected, 'connect-failed', 999, OPTIONS)).toBe(ejected);
    expect(observe(ejected, 'timeout', 999, OPTIONS)).toBe(ejected);
    expect(observe(ejected, 'connect-failed', 1000, OPTIONS).until).toBe(3000);
  });

  it('one success forgets all', () => {
    expect(after([0, 'connect-failed'], [1000, 'connect-failed'], [3000, 'ok'])).toEqual(NOT_EJECTED);
    expect(after([0, 'connect-failed'], [1000, 'connect-failed'], [3000, 'ok'], [4000, 'connect-failed']).until).toBe(
      5000,
    );
  });

  it('somebody else’s is taken over, and the later end counts', () => {
    const told = takeOver(NOT_EJECTED, 1000);
    expect(told).toEqual({ failures: 0, times: 1, until: 1000 });
    expect(takeOver(told, 900)).toBe(told);
    expect(observe(told, 'ok', 500, OPTIONS)).toBe(NOT_EJECTED);
    expect(observe(told, 'connect-failed', 1000, OPTIONS).until).toBe(3000); // it was the first, and this is the second
  });

  it('a success where nothing was wrong changes nothing', () => {
    expect(after([0, 'ok'])).toBe(NOT_EJECTED);
  });

  it('no state is changed in place, and no ejection is longer than allowed', () => {
    const outcome = fc.constantFrom<Outcome>('ok', 'connect-failed', 'timeout');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5000), outcome), { maxLength: 50 }), (steps) => {
        let now = 0;
        let state: Ejection = Object.freeze({ ...NOT_EJECTED });
        for (const [pause, seen] of steps) {
          now += pause;
          state = Object.freeze(observe(state, seen, now, OPTIONS));
          expect(state.until).toBeLessThanOrEqual(now + OPTIONS.maxMs);
          expect(state.failures).toBeLessThan(OPTIONS.timeouts);
        }
      }),
    );
  });
});
