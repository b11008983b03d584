import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Presence, UNSEEN, updatePresence } from '../src/presence.ts';

describe('presence', () => {
  /** Looks at a lane at the given times, with enough instances or not. */
  const watch = (settleMs: number, looks: readonly (readonly [now: number, enough: boolean])[]): Presence[] => {
    let state = UNSEEN;
    return looks.map(([now, enough]) => {
      state = updatePresence(state, enough, now, settleMs);
      return state;
    });
  };

  it('a new lane is present as soon as it has enough instances', () => {
    expect(
      watch(5000, [
        [0, false],
        [1, true],
      ]),
    ).toEqual([{ kind: 'unseen' }, { kind: 'present' }]);
  });

  it('a lane that lost its instances is absent at once and present again after it settled', () => {
    expect(
      watch(5000, [
        [0, true],
        [10, false],
        [20, true],
        [5019, true],
        [5020, true],
      ]),
    ).toEqual([
      { kind: 'present' },
      { kind: 'absent' },
      { kind: 'settling', until: 5020 },
      { kind: 'settling', until: 5020 },
      { kind: 'present' },
    ]);
  });

  it('a lane that flaps starts to settle anew each time', () => {
    expect(
      watch(5000, [
        [0, true],
        [10, false],
        [20, true],
        [4000, false],
        [4010, true],
      ]).at(-1),
    ).toEqual({ kind: 'settling', until: 9010 });
  });

  it('without settling a lane is back at once', () => {
    expect(
      watch(0, [
        [0, true],
        [10, false],
        [10, true],
      ]).at(-1),
    ).toEqual({ kind: 'present' });
  });

  it('is never present without enough, and never back before it had enough without a break for the whole time', () => {
    const looks = fc.array(fc.tuple(fc.nat(3000), fc.boolean()), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(looks, fc.nat(5000), (steps, settleMs) => {
        let now = 0;
        const seen = steps.map(([pause, enough]) => {
          now += pause;
          return [now, enough] as const;
        });
        for (const [index, state] of watch(settleMs, seen).entries()) {
          const [at, enough] = seen[index] as readonly [number, boolean];
          const lost = seen.slice(0, index).findLastIndex(([, was]) => !was);
          const hadBefore = seen.slice(0, lost + 1).some(([, was]) => was);
          const enoughSince = seen[lost + 1]?.[0] ?? at;
          expect(state.kind === 'present').toBe(enough && (!hadBefore || at - enoughSince >= settleMs));
        }
      }),
    );
  });
});
