import {
  createRouting,
  DEFAULT_ROUTING,
  EJECTION_DEFAULTS,
  type Instance,
  type Lane,
  type Pick,
  parsePolicy,
  STABLE,
} from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type PickSettings, ServicePicks } from '../src/service-picks.ts';

const GRAY = 'gray' as Lane;

const instance = (id: string, lane = 'gray', more: Partial<Instance> = {}): Instance => ({
  id,
  service: 'stock',
  host: '10.0.0.1',
  port: 80,
  lane,
  weight: 1,
  zone: '',
  state: 'ready',
  metadata: {},
  ...more,
});

/** Picks whose clock and dice the test holds. */
function setUp(instances: readonly Instance[], more: Partial<PickSettings> = {}) {
  const clock = { now: 0 };
  const picks = new ServicePicks('stock', instances, DEFAULT_ROUTING, {
    balance: 'round-robin',
    stableMode: 'unlabelled',
    settleMs: 1_000,
    slowStartMs: 0,
    ejection: EJECTION_DEFAULTS,
    maxEjectedShare: 0.5,
    random: () => 0,
    now: () => clock.now,
    ...more,
  });
  return { picks, clock };
}

const shown = (pick: Pick): string => {
  const where = 'instance' in pick ? ` ${pick.instance.id}` : '';
  return `${pick.kind}${where}${'because' in pick ? ` (${pick.because})` : ''}`;
};

describe('picks of a service', () => {
  it('a lane whose only instance refused is left for stable, and comes back when it has settled', () => {
    const { picks, clock } = setUp([instance('g'), instance('s', 'stable')]);
    picks.report(instance('g'), 'connect-failed');
    expect(shown(picks.pick(GRAY))).toBe('fallback s (ejected)');
    clock.now = 4_999;
    expect(shown(picks.pick(GRAY))).toBe('fallback s (ejected)');
    clock.now = 5_000;
    expect(shown(picks.pick(GRAY))).toBe('fallback s (settling)');
    clock.now = 6_000;
    expect(shown(picks.pick(GRAY))).toBe('hit g');
  });

  it('a lane that nobody asks for meanwhile settles from the end of the ejection all the same', () => {
    const { picks, clock } = setUp([instance('g'), instance('s', 'stable')]);
    picks.report(instance('g'), 'connect-failed');
    clock.now = 60_000;
    expect(shown(picks.pick(GRAY))).toBe('fallback s (settling)');
    clock.now = 61_000;
    expect(shown(picks.pick(GRAY))).toBe('hit g');
  });

  it('one of two that refused is left out, and the other serves', () => {
    const { picks } = setUp([instance('a'), instance('b')]);
    picks.report(instance('a'), 'connect-failed');
    expect([1, 2, 3].map(() => shown(picks.pick(GRAY)))).toEqual(['hit b', 'hit b', 'hit b']);
  });

  it('timeouts eject when they come in a row', () => {
    const { picks } = setUp([instance('a'), instance('b')]);
    const report = (...outcomes: ('timeout' | 'ok')[]): void => {
      for (const each of outcomes) picks.report(instance('a'), each);
    };
    const both = (): string[] => [shown(picks.pick(GRAY)), shown(picks.pick(GRAY))].sort();
    report('timeout', 'timeout', 'ok', 'timeout', 'timeout');
    expect(both()).toEqual(['hit a', 'hit b']);
    report('timeout');
    expect(both()).toEqual(['hit b', 'hit b']);
  });

  it('an instance that answers while it is ejected is taken back', () => {
    const { picks, clock } = setUp([instance('a'), instance('b')]);
    picks.report(instance('a'), 'connect-failed');
    picks.report(instance('a'), 'ok');
    clock.now = 1;
    expect([shown(picks.pick(GRAY)), shown(picks.pick(GRAY))].sort()).toEqual(['hit a', 'hit b']);
  });

  it('what was seen of an instance survives a new snapshot, and is forgotten with the instance', () => {
    const a = instance('a');
    const { picks } = setUp([a, instance('b')]);
    const [first] = [picks.pick(GRAY)] as [{ load: { inFlight: number } }];
    first.load.inFlight = 7;
    picks.report(a, 'connect-failed');
    picks.update([instance('a'), instance('b'), instance('c')], DEFAULT_ROUTING);
    expect(new Set([1, 2, 3, 4].map(() => shown(picks.pick(GRAY))))).toEqual(new Set(['hit b', 'hit c']));
    picks.update([instance('b')], DEFAULT_ROUTING);
    picks.report(a, 'connect-failed');
    picks.update([instance('a')], DEFAULT_ROUTING);
    const back = picks.pick(GRAY);
    expect(shown(back)).toBe('hit a');
    expect((back as { load: { inFlight: number } }).load.inFlight).toBe(0);
  });

  it('counts of calls under way stay with the instance over snapshots', () => {
    const { picks } = setUp([instance('a')]);
    const { load } = picks.pick(GRAY) as { load: { inFlight: number } };
    picks.update([instance('a', 'gray', { weight: 2 })], DEFAULT_ROUTING);
    expect((picks.pick(GRAY) as { load: unknown }).load).toBe(load);
  });

  it('a lane that loses its instances over a snapshot must settle when it gets them again', () => {
    const { picks, clock } = setUp([instance('g'), instance('s', 'stable')]);
    picks.update([instance('s', 'stable')], DEFAULT_ROUTING);
    expect(shown(picks.pick(GRAY))).toBe('fallback s (no-instances)');
    picks.update([instance('g'), instance('s', 'stable')], DEFAULT_ROUTING);
    expect(shown(picks.pick(GRAY))).toBe('fallback s (settling)');
    clock.now = 1_000;
    expect(shown(picks.pick(GRAY))).toBe('hit g');
  });

  it('a lane that is new is present at once', () => {
    const { picks } = setUp([instance('s', 'stable')]);
    picks.update([instance('g'), instance('s', 'stable')], DEFAULT_ROUTING);
    expect(shown(picks.pick(GRAY))).toBe('hit g');
  });

  it('a new policy holds from the next pick on', () => {
    const { picks } = setUp([instance('s', 'stable')]);
    expect(shown(picks.pick(GRAY))).toBe('fallback s (no-instances)');
    const strict = createRouting(parsePolicy({ version: 1, lanes: { gray: { strict: true } } }));
    picks.update([instance('s', 'stable')], strict);
    expect(shown(picks.pick(GRAY))).toBe('empty (no-instances)');
  });

  it('nothing is built anew when nothing changed', () => {
    const instances = [instance('a'), instance('b')];
    const { picks } = setUp(instances);
    const first = shown(picks.pick(GRAY));
    picks.update(instances, DEFAULT_ROUTING);
    expect(shown(picks.pick(GRAY))).not.toBe(first); // the round goes on
  });

  it('a call in stable never gets an instance of a lane, whatever is ejected', () => {
    const { picks } = setUp([instance('g'), instance('s', 'stable')]);
    picks.report(instance('s', 'stable'), 'connect-failed');
    expect(shown(picks.pick(STABLE))).toBe('hit s');
    picks.update([instance('g')], DEFAULT_ROUTING);
    expect(shown(picks.pick(STABLE))).toBe('empty (no-instances)');
  });

  it('an instance that comes later warms up, those that were there do not, and another process at an address does', () => {
    const old = instance('s1', 'stable', { metadata: { pid: '1' } });
    const fresh = instance('s2', 'stable', { metadata: { pid: '2' } });
    const { picks, clock } = setUp([old], { balance: 'p2c', slowStartMs: 1_000, random: () => 0.2 });
    picks.update([old, fresh], DEFAULT_ROUTING);
    // 0.2 of two: the first column, of which the warm instance has 0.1 / 1.1 * 2 = 0.18 when it is the new one.
    expect(shown(picks.pick('stable' as Lane))).toBe('hit s1');
    clock.now = 1_000;
    const restarted = { ...old, metadata: { pid: '3' } };
    picks.update([restarted, fresh], DEFAULT_ROUTING);
    expect(shown(picks.pick('stable' as Lane))).toBe('hit s2');
  });
});
