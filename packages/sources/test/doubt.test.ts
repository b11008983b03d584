import type { Instance } from '@graylane/core';
import { judge } from '@graylane/sources';
import { instanceOf, show } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const options = { doubtMs: 1_000, collapseShare: 0.2 };
const stable = (count: number, from = 1): Instance[] =>
  Array.from({ length: count }, (_, index) => instanceOf('orders', from + index));
const gray = instanceOf('orders', 9_000, { lane: 'gray' });
const say = (
  instances: readonly Instance[],
  left: readonly string[] = [],
  ageMs = Number.POSITIVE_INFINITY,
): Parameters<typeof judge>[1] => ({
  instances,
  left: new Set(left),
  ageMs,
});

describe('what a source says of a service', () => {
  it('is believed when nothing is missing, or when little of stable is', () => {
    expect(judge([], say(stable(3)), undefined, 0, options)).toEqual({ instances: stable(3), doubt: undefined });
    expect(judge(stable(10), say(stable(2)), undefined, 0, options).doubt).toBeUndefined();
  });

  it('is doubted when less than a fifth of stable is left, or none', () => {
    const judged = judge(stable(10), say(stable(1)), undefined, 50, options);
    expect(judged.doubt).toEqual({ since: 50, of: 'collapse' });
    expect(show(judged.instances)).toBe(show(stable(10)));
    expect(judge(stable(1), say([]), undefined, 50, options).doubt).toBeDefined();
  });

  it('is believed when stable was replaced by as many others, as in a rolling update', () => {
    expect(judge(stable(3), say(stable(3, 100)), undefined, 0, options).doubt).toBeUndefined();
    expect(judge(stable(1), say(stable(1, 100)), undefined, 0, options).doubt).toBeUndefined();
  });

  it('is believed of a lane at once, also while stable is doubted', () => {
    expect(judge([...stable(1), gray], say(stable(1)), undefined, 0, options).doubt).toBeUndefined();
    expect(show(judge([...stable(2), gray], say([]), undefined, 0, options).instances)).toBe('1 2');
  });

  it('is believed of instances that left on purpose', () => {
    const everyone = stable(2).map(({ id }) => id);
    expect(judge(stable(2), say([], everyone), undefined, 0, options)).toEqual({ instances: [], doubt: undefined });
    expect(show(judge(stable(2), say([], everyone.slice(0, 1)), undefined, 0, options).instances)).toBe('2');
  });

  it('is believed of what it lists, also while it is doubted of what it does not list', () => {
    const draining = { ...stable(1)[0], state: 'draining' } as Instance;
    const judged = judge(stable(10), say([draining]), undefined, 0, options);
    expect(judged.instances).toContainEqual(draining);
    expect(judged.instances).toHaveLength(10);
  });

  it('is believed once the doubt has stood long enough, and not a moment earlier', () => {
    const doubt = { since: 100, of: 'collapse' } as const;
    expect(judge(stable(2), say([]), doubt, 1_099, options).doubt).toEqual(doubt);
    expect(judge(stable(2), say([]), doubt, 1_100, options)).toEqual({ instances: [], doubt: undefined });
    expect(judge(stable(2), say([]), undefined, 0, { ...options, doubtMs: 0 }).doubt).toBeUndefined();
  });

  it('is doubted of every absence, a lane too, while the source has only just begun', () => {
    const inUse = [...stable(10), gray];
    const judged = judge(inUse, say(stable(9), [], 0), undefined, 7, options);
    expect(judged.doubt).toEqual({ since: 7, of: 'beginner' });
    expect(show(judged.instances)).toBe(show(inUse));
    const later = judge(judged.instances, say([...stable(9), gray]), judged.doubt, 8, options);
    expect(later.doubt).toEqual({ since: 7, of: 'beginner' });
    expect(judge(later.instances, say(inUse), later.doubt, 9, options).doubt).toBeUndefined();
  });

  it('is doubted as long after the source began, whenever it is asked', () => {
    const late = judge(stable(3), say(stable(2), [], 900), undefined, 2_000, options);
    expect(late.doubt).toEqual({ since: 1_100, of: 'beginner' });
    expect(judge(late.instances, say(stable(2)), late.doubt, 2_100, options).instances).toEqual(stable(2));
    expect(judge(stable(3), say(stable(2), [], 1_000), undefined, 2_000, options).doubt).toBeUndefined();
    const again = judge(stable(3), say(stable(2), [], 10), { since: 0, of: 'beginner' }, 900, options);
    expect(again.doubt).toEqual({ since: 890, of: 'beginner' });
  });

  it('never leaves a service without stable at once because stable instances are missing, and never loses a listed instance', () => {
    const list = fc.uniqueArray(
      fc.record({ port: fc.integer({ min: 1, max: 30 }), lane: fc.constantFrom('stable', 'stable', 'gray') }),
      { selector: ({ port }) => port },
    );
    const instances = list.map((all) => all.map(({ port, lane }) => instanceOf('orders', port, { lane })));
    fc.assert(
      fc.property(instances, instances, fc.constantFrom(0, 500, 5_000), (inUse, pushed, ageMs) => {
        const judged = judge(inUse, say(pushed, [], ageMs), undefined, 0, options);
        for (const instance of pushed) expect(judged.instances).toContain(instance);
        const missing = inUse.some(({ id, lane }) => lane === 'stable' && !pushed.some((other) => other.id === id));
        if (missing) expect(judged.instances.some(({ lane }) => lane === 'stable')).toBe(true);
        const ids = judged.instances.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });
});
