import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Random } from '../src/balance.ts';
import type { Instance, InstanceState } from '../src/instance.ts';
import { type Lane, STABLE } from '../src/lane.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { createPicker, type FallbackReason, type Pick, type Picker, type PickerInput } from '../src/picker.ts';
import type { Policy } from '../src/policy.ts';
import type { Presence } from '../src/presence.ts';
import { createRouting, DEFAULT_ROUTING } from '../src/routing.ts';

/** A repeatable source of randomness (Park and Miller's minimal standard). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Answer {
  readonly kind: Pick['kind'];
  readonly because?: FallbackReason | undefined;
  /** Every instance that the pick may yield. */
  readonly ids: readonly string[];
}

/** What a picker must answer, read off the design in the plainest way. */
function oracle(input: PickerInput, policy: Policy | undefined, wanted: string): Answer {
  const { lanes, stale } = chainOf(policy, wanted);
  let because: FallbackReason | undefined = stale;
  for (const [index, lane] of lanes.entries()) {
    const all = input.instances.filter((each) => effectiveLane(each, input, policy) === lane);
    const ready = all.filter(({ state, weight }) => state === 'ready' && weight > 0);
    const free = ready.filter((each) => input.ejectedUntil(each) <= input.now);
    const need = lane === 'stable' ? 1 : (policy?.services.orders?.minReady ?? 1);
    const nextBack = ready.toSorted((a, b) => input.ejectedUntil(a) - input.ejectedUntil(b));
    const atLeast = ready.length - Math.floor(ready.length * input.maxEjectedShare);
    let serving: readonly Instance[] = [];
    if (index < lanes.length - 1 && free.length >= need && isSettled(input, lane)) serving = free;
    if (index === lanes.length - 1 && ready.length >= need) serving = nextBack.slice(0, Math.max(free.length, atLeast));
    const ids = serving.map(({ id }) => id).sort();
    if (ids.length > 0) return lane === wanted ? { kind: 'hit', ids } : { kind: 'fallback', because, ids };
    if (all.length === 0) because ??= 'no-instances';
    else if (ready.length < need) because ??= 'not-ready';
    else if (free.length < need) because ??= 'ejected';
    else because ??= 'settling';
  }
  return { kind: 'empty', because, ids: [] };
}

function chainOf(policy: Policy | undefined, wanted: string): { lanes: string[]; stale?: FallbackReason } {
  if (wanted === 'stable') return { lanes: ['stable'] };
  if (policy === undefined) return { lanes: [wanted, 'stable'] };
  const declared = policy.lanes[wanted];
  if (declared === undefined) return { lanes: ['stable'], stale: 'unknown-lane' };
  if (declared.enabled === false) return { lanes: ['stable'], stale: 'disabled-lane' };
  const override = policy.services.orders?.fallback?.[wanted];
  if (override === 'strict') return { lanes: [wanted] };
  const further = (override ?? declared.fallback ?? []).filter((lane) => policy.lanes[lane]?.enabled !== false);
  return { lanes: override === undefined && declared.strict ? [wanted, ...further] : [wanted, ...further, 'stable'] };
}

function isSettled({ presence, settleMs, now }: PickerInput, lane: string): boolean {
  const before = presence.get(lane);
  if (before?.kind === 'absent') return settleMs === 0;
  return before?.kind !== 'settling' || before.until <= now;
}

function effectiveLane(each: Instance, { stableMode }: PickerInput, policy: Policy | undefined): string {
  const undeclared = stableMode === 'undeclared' && policy && !Object.hasOwn(policy.lanes, each.lane);
  return undeclared ? 'stable' : each.lane;
}

describe('picks over random topologies, health, policies and ejections', () => {
  const NOW = 10_000;
  const LABELS = ['stable', 'gray', 'blue', 'red', 'other', 'V1.2', 'Gray', '__proto__'];
  const WANTED = ['stable', 'gray', 'blue', 'red', 'other', 'unheard-of', 'x'];
  const chain = fc.shuffledSubarray(['gray', 'blue', 'red']);
  const declaration = fc.record({ fallback: chain, strict: fc.boolean(), enabled: fc.boolean() }, { requiredKeys: [] });
  const policies = fc
    .record({
      lanes: fc.record({ gray: declaration, blue: declaration, red: declaration }),
      orders: fc.record(
        {
          fallback: fc.record(
            { gray: fc.oneof(fc.constant('strict'), chain), blue: fc.oneof(fc.constant('strict'), chain) },
            { requiredKeys: [] },
          ),
          minReady: fc.integer({ min: 1, max: 3 }),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ lanes, orders }) => {
      const others = (list: readonly string[] | undefined, self: string): string[] =>
        list?.filter((lane) => lane !== self) ?? [];
      const cleaned = Object.entries(lanes).map(([name, lane]) => {
        const fallback = others(lane.fallback, name);
        const { fallback: _, ...rest } = lane;
        return [name, fallback.length > 0 ? { ...rest, fallback } : rest];
      });
      const overrides = Object.entries(orders.fallback ?? {}).map(([name, list]) => [
        name,
        Array.isArray(list) ? others(list, name) : list,
      ]);
      return parsePolicy({
        version: 1,
        lanes: Object.fromEntries(cleaned),
        services: { orders: { ...orders, fallback: Object.fromEntries(overrides) } },
      });
    });
  const instances = fc.array(
    fc.record({
      lane: fc.constantFrom(...LABELS),
      state: fc.constantFrom<InstanceState>('ready', 'ready', 'ready', 'draining', 'down'),
      weight: fc.constantFrom(0, 1, 1, 5),
      until: fc.constantFrom(0, 0, 0, 5000, NOW, NOW + 1, 20_000),
    }),
    { maxLength: 14 },
  );
  const presence = fc.array(
    fc.tuple(
      fc.constantFrom(...LABELS),
      fc.oneof(
        fc.constantFrom<Presence>({ kind: 'unseen' }, { kind: 'present' }, { kind: 'absent' }),
        fc.constantFrom(NOW - 1, NOW, NOW + 1).map((until): Presence => ({ kind: 'settling', until })),
      ),
    ),
    { maxLength: 6 },
  );
  const world = fc.record({
    policy: fc.option(policies, { nil: undefined }),
    instances,
    presence,
    stableMode: fc.constantFrom('unlabelled' as const, 'undeclared' as const),
    balance: fc.constantFrom('p2c' as const, 'round-robin' as const),
    maxEjectedShare: fc.constantFrom(0, 0.34, 0.5, 1),
    settleMs: fc.constantFrom(0, 5000),
    seed: fc.integer({ min: 1, max: 2_000_000_000 }),
  });

  const inputOf = (given: typeof world extends fc.Arbitrary<infer World> ? World : never): PickerInput => {
    const untils = new Map<string, number>();
    const made = given.instances.map(({ lane, state, weight, until }, index): Instance => {
      untils.set(`i${index}`, until);
      return { id: `i${index}`, service: 'orders', host: 'h', port: 80, lane, weight, zone: '', state, metadata: {} };
    });
    return {
      service: 'orders',
      instances: made,
      routing: given.policy ? createRouting(given.policy) : DEFAULT_ROUTING,
      stableMode: given.stableMode,
      balance: given.balance,
      ejectedUntil: ({ id }) => untils.get(id) ?? 0,
      maxEjectedShare: given.maxEjectedShare,
      loadOf: () => ({ inFlight: 0 }),
      presence: new Map(given.presence),
      settleMs: given.settleMs,
      now: NOW,
    };
  };

  it('an untagged request never reaches an instance of another lane', () => {
    fc.assert(
      fc.property(world, (given) => {
        const input = inputOf(given);
        const picker = createPicker(input);
        const random = seeded(given.seed);
        for (let n = 0; n < 20; n++) {
          const pick = picker.pick(STABLE, random);
          expect(['hit', 'empty']).toContain(pick.kind);
          if ('instance' in pick) expect(effectiveLane(pick.instance, input, given.policy)).toBe('stable');
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('a pick follows the declared chain, and yields nothing but what the chain allows', () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...WANTED), (given, wanted) => {
        const input = inputOf(given);
        const picker = createPicker(input);
        const random = seeded(given.seed);
        const expected = oracle(input, given.policy, wanted);
        for (let n = 0; n < 10; n++) {
          const pick = picker.pick(wanted as Lane, random);
          expect(pick.kind).toBe(expected.kind);
          if ('because' in pick) expect(pick.because).toBe(expected.because);
          if (!('instance' in pick)) continue;
          expect(expected.ids).toContain(pick.instance.id);
          expect(pick.lane).toBe(effectiveLane(pick.instance, input, given.policy));
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('every instance that the chain allows gets requests', () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...WANTED), (given, wanted) => {
        const input = inputOf({ ...given, balance: 'round-robin' });
        const picker = createPicker(input);
        const expected = oracle(input, given.policy, wanted);
        const ids = new Set<string>();
        for (let n = 0; n < given.instances.length; n++) {
          const pick = picker.pick(wanted as Lane, () => 0);
          if ('instance' in pick) ids.add(pick.instance.id);
        }
        expect([...ids].sort()).toEqual(expected.ids);
      }),
      { numRuns: 2000 },
    );
  });

  it('nothing changes before a picker says that it is stale', () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...WANTED), (given, wanted) => {
        const input = inputOf(given);
        const picker = createPicker(input);
        expect(picker.staleAt).toBeGreaterThan(NOW);
        const later = Math.min(picker.staleAt - 1, NOW + 60_000);
        const answer = (each: Picker): unknown => {
          const pick = each.pick(wanted as Lane, () => 0);
          return 'instance' in pick ? [pick.kind, pick.instance.id] : pick;
        };
        const again = createPicker({ ...input, presence: picker.presence, now: later });
        expect(answer(again)).toEqual(answer(createPicker(input)));
      }),
      { numRuns: 2000 },
    );
  });
});
