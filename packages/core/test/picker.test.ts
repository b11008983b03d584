import { describe, expect, it } from '@jest/globals';
import type { Random } from '../src/balance.ts';
import type { Instance, InstanceState } from '../src/instance.ts';
import { type Lane, STABLE } from '../src/lane.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { createPicker, type Pick, type Picker, type PickerInput } from '../src/picker.ts';
import { createRouting, DEFAULT_ROUTING } from '../src/routing.ts';

const gray = 'gray' as Lane;

/** A repeatable source of randomness (Park and Miller's minimal standard). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** `gray-1` is a ready instance of gray; `gray-1 draining *3` one that drains and weighs 3. */
function instance(text: string): Instance {
  const [id = '', ...words] = text.split(' ');
  const state = words.find((word): word is InstanceState => ['ready', 'draining', 'down'].includes(word)) ?? 'ready';
  const weight = Number(words.find((word) => word.startsWith('*'))?.slice(1) ?? 1);
  const lane = id.replace(/-\d+$/, '');
  return { id, service: 'orders', host: id, port: 80, lane, weight, zone: '', state, metadata: {} };
}

interface Setting extends Partial<Omit<PickerInput, 'instances' | 'routing' | 'ejectedUntil'>> {
  readonly policy?: string;
  readonly ejected?: Readonly<Record<string, number>>;
}

function pickerOf(instances: readonly string[], { policy, ejected = {}, ...more }: Setting = {}): Picker {
  const loads = new Map<Instance, { inFlight: number }>();
  return createPicker({
    service: 'orders',
    instances: instances.map(instance),
    routing: policy === undefined ? DEFAULT_ROUTING : createRouting(parsePolicy(`version: 1\n${policy}`)),
    stableMode: 'unlabelled',
    balance: 'p2c',
    ejectedUntil: ({ id }) => ejected[id] ?? 0,
    maxEjectedShare: 0.5,
    loadOf: (each) => loads.get(each) ?? loads.set(each, { inFlight: 0 }).get(each) ?? { inFlight: 0 },
    presence: new Map(),
    settleMs: 5000,
    now: 1000,
    ...more,
  });
}

/** A pick in words, with all instances that it may yield: `fallback stable (not-ready): stable-1 stable-2`. */
function inWords(picker: Picker, wanted: string): string {
  const random = seeded(42);
  const picks = Array.from({ length: 200 }, () => picker.pick(wanted as Lane, random));
  const first = picks[0] as Pick;
  if (first.kind === 'unknown') return 'unknown';
  const because = first.kind === 'hit' ? '' : ` (${first.because})`;
  if (first.kind === 'empty') return `empty${because}`;
  const ids = new Set(picks.map((pick) => ('instance' in pick ? pick.instance.id : pick.kind)));
  return `${first.kind} ${first.lane}${because}: ${[...ids].sort().join(' ')}`;
}

const ALL = ['stable-1', 'stable-2', 'gray-1', 'blue-1'];
const LANES = 'lanes: { gray: , blue: { fallback: [gray] }, hard: { strict: true }, off: { enabled: false } }';

describe('picking', () => {
  const cases: [name: string, instances: string[], wanted: string, words: string, setting?: Setting][] = [
    ['a stable call gets stable instances', ALL, 'stable', 'hit stable: stable-1 stable-2'],
    ['a gray call gets gray ones', ALL, 'gray', 'hit gray: gray-1'],
    ['the lane is absent', ['stable-1'], 'gray', 'fallback stable (no-instances): stable-1'],
    ['the lane is down', ['stable-1', 'gray-1 down'], 'gray', 'fallback stable (not-ready): stable-1'],
    ['the lane drains', ['stable-1', 'gray-1 draining'], 'gray', 'fallback stable (not-ready): stable-1'],
    ['the lane has no weight', ['stable-1', 'gray-1 *0'], 'gray', 'fallback stable (not-ready): stable-1'],
    [
      'the lane is ejected',
      ['stable-1', 'gray-1'],
      'gray',
      'fallback stable (ejected): stable-1',
      { ejected: { 'gray-1': 1001 } },
    ],
    ['an ejection is over', ['stable-1', 'gray-1'], 'gray', 'hit gray: gray-1', { ejected: { 'gray-1': 1000 } }],
    [
      'one of two is ejected',
      ['stable-1', 'gray-1', 'gray-2'],
      'gray',
      'hit gray: gray-2',
      { ejected: { 'gray-1': 9999 } },
    ],
    [
      'some of stable is not ready',
      ['stable-1 down', 'stable-2 draining', 'stable-3 *0', 'stable-4'],
      'stable',
      'hit stable: stable-4',
    ],
    ['stable is down and gray is not', ['stable-1 down', 'gray-1'], 'stable', 'empty (not-ready)'],
    ['there is no stable', ['gray-1', 'blue-1'], 'stable', 'empty (no-instances)'],
    ['there is nothing', [], 'stable', 'empty (no-instances)'],
    ['there is nothing for gray', [], 'gray', 'empty (no-instances)'],
    ['a lane that nobody declared', ALL, 'x', 'fallback stable (no-instances): stable-1 stable-2'],
    [
      'the declared fallback',
      ['stable-1', 'gray-1'],
      'blue',
      'fallback gray (no-instances): gray-1',
      { policy: LANES },
    ],
    [
      'the declared fallback is absent too',
      ['stable-1', 'blue-1 down'],
      'blue',
      'fallback stable (not-ready): stable-1',
      { policy: LANES },
    ],
    ['a strict lane', ['stable-1', 'hard-1'], 'hard', 'hit hard: hard-1', { policy: LANES }],
    ['a strict lane is absent', ['stable-1'], 'hard', 'empty (no-instances)', { policy: LANES }],
    ['a strict lane is down', ['stable-1', 'hard-1 down'], 'hard', 'empty (not-ready)', { policy: LANES }],
    ['an unknown lane', ALL, 'x', 'fallback stable (unknown-lane): stable-1 stable-2', { policy: LANES }],
    [
      'an unknown lane that has instances',
      ['stable-1', 'x-1'],
      'x',
      'fallback stable (unknown-lane): stable-1',
      { policy: LANES },
    ],
    [
      'a switched-off lane',
      ['stable-1', 'off-1'],
      'off',
      'fallback stable (disabled-lane): stable-1',
      { policy: LANES },
    ],
    ['a switched-off lane and no stable', ['off-1'], 'off', 'empty (disabled-lane)', { policy: LANES }],
    [
      'a service is strict where the lane is not',
      ['stable-1'],
      'gray',
      'empty (no-instances)',
      { policy: `${LANES}\nservices: { orders: { fallback: { gray: strict } } }` },
    ],
    [
      'a service is less strict than the lane',
      ['stable-1', 'gray-1'],
      'hard',
      'fallback gray (no-instances): gray-1',
      { policy: `${LANES}\nservices: { orders: { fallback: { hard: [gray] } } }` },
    ],
    [
      'another service is strict',
      ['stable-1'],
      'gray',
      'fallback stable (no-instances): stable-1',
      { policy: `${LANES}\nservices: { stock: { fallback: { gray: strict } } }` },
    ],
    [
      'fewer than minReady',
      ['stable-1', 'gray-1', 'gray-2 down'],
      'gray',
      'fallback stable (not-ready): stable-1',
      { policy: `${LANES}\nservices: { orders: { minReady: 2 } }` },
    ],
    [
      'as many as minReady',
      ['stable-1', 'gray-1', 'gray-2'],
      'gray',
      'hit gray: gray-1 gray-2',
      { policy: `${LANES}\nservices: { orders: { minReady: 2 } }` },
    ],
    [
      'minReady does not hold stable back',
      ['stable-1'],
      'stable',
      'hit stable: stable-1',
      { policy: `${LANES}\nservices: { orders: { minReady: 2 } }` },
    ],
    [
      'minReady and an ejected one',
      ['stable-1', 'gray-1', 'gray-2'],
      'gray',
      'fallback stable (ejected): stable-1',
      { policy: `${LANES}\nservices: { orders: { minReady: 2 } }`, ejected: { 'gray-2': 2000 } },
    ],
    [
      'a strict lane below minReady',
      ['hard-1'],
      'hard',
      'empty (not-ready)',
      { policy: `${LANES}\nservices: { orders: { minReady: 2 } }` },
    ],
    [
      'labels that are no lane names get nothing',
      ['V1.2-1', 'Gray-1', 'stable-1'],
      'stable',
      'hit stable: stable-1',
      { policy: LANES },
    ],
    [
      'labels that are no lane names are not picked by name',
      ['V1.2-1', 'stable-1'],
      'V1.2',
      'fallback stable (no-instances): stable-1',
    ],
    ['undeclared labels are not stable', ['v7-1'], 'stable', 'empty (no-instances)', { policy: LANES }],
    [
      'undeclared labels are stable where that is asked for',
      ['v7-1', 'V1.2-1', 'stable-1', 'gray-1', 'off-1'],
      'stable',
      'hit stable: V1.2-1 stable-1 v7-1',
      { policy: LANES, stableMode: 'undeclared' },
    ],
    [
      'declared labels are never stable',
      ['gray-1', 'off-1', 'hard-1'],
      'stable',
      'empty (no-instances)',
      { policy: LANES, stableMode: 'undeclared' },
    ],
    [
      'undeclared labels without a policy are not stable',
      ['v7-1'],
      'stable',
      'empty (no-instances)',
      { stableMode: 'undeclared' },
    ],
    [
      'an undeclared lane is picked as stable',
      ['v7-1', 'v8-1'],
      'v7',
      'fallback stable (unknown-lane): v7-1 v8-1',
      { policy: LANES, stableMode: 'undeclared' },
    ],
  ];

  it.each(cases.map(([name, instances, wanted, words, setting = {}]) => ({ name, instances, wanted, words, setting })))(
    '$name',
    ({ instances, wanted, words, setting }) => {
      expect(inWords(pickerOf(instances, setting), wanted)).toBe(words);
    },
  );

  it('a lane called like the first name that the picker tries for lanes unheard of is no exception', () => {
    const picker = pickerOf(['x-1', 'xx-1', 'stable-1']);
    expect(inWords(picker, 'x')).toBe('hit x: x-1');
    expect(inWords(picker, 'xx')).toBe('hit xx: xx-1');
    expect(inWords(picker, 'xxx')).toBe('fallback stable (no-instances): stable-1');
  });
});

describe('the last resort', () => {
  const four = ['stable-1', 'stable-2', 'stable-3', 'stable-4'];
  const ejected = { 'stable-1': 4000, 'stable-2': 3000, 'stable-3': 2000, 'stable-4': 5000 };

  it.each<[share: number, ejected: Record<string, number>, words: string]>([
    [0.5, { 'stable-1': 9999, 'stable-2': 9999 }, 'hit stable: stable-3 stable-4'],
    [0.5, { 'stable-1': 4000, 'stable-2': 3000, 'stable-3': 2000 }, 'hit stable: stable-3 stable-4'],
    [0.5, ejected, 'hit stable: stable-2 stable-3'],
    [0.25, ejected, 'hit stable: stable-1 stable-2 stable-3'],
    [0.3, ejected, 'hit stable: stable-1 stable-2 stable-3'],
    [0, ejected, 'hit stable: stable-1 stable-2 stable-3 stable-4'],
    [0.99, ejected, 'hit stable: stable-3'],
    [1, ejected, 'empty (ejected)'],
  ])(
    'of a chain loses at most %s of its instances, and those that come back first come first',
    (maxEjectedShare, until, words) => {
      expect(inWords(pickerOf(four, { maxEjectedShare, ejected: until }), 'stable')).toBe(words);
    },
  );

  it('a single instance is never ejected away', () => {
    expect(inWords(pickerOf(['stable-1'], { ejected: { 'stable-1': 9999 } }), 'stable')).toBe('hit stable: stable-1');
    expect(inWords(pickerOf(['hard-1'], { policy: LANES, ejected: { 'hard-1': 9999 } }), 'hard')).toBe(
      'hit hard: hard-1',
    );
  });

  it('a share that no double is exact for is kept', () => {
    const ten = Array.from({ length: 10 }, (_, n) => `stable-${n}`);
    const all = Object.fromEntries(ten.map((id, n) => [id, 2000 + n]));
    expect(inWords(pickerOf(ten, { maxEjectedShare: 0.7, ejected: all }), 'stable')).toBe(
      'hit stable: stable-0 stable-1 stable-2',
    );
  });

  it('a lane that may fall back does so, instead of trying ejected instances', () => {
    const words = inWords(
      pickerOf(['gray-1', 'gray-2', 'stable-1'], { ejected: { 'gray-1': 9999, 'gray-2': 9999 }, maxEjectedShare: 0 }),
      'gray',
    );
    expect(words).toBe('fallback stable (ejected): stable-1');
  });
});

describe('settling', () => {
  const next = (before: Picker, instances: readonly string[], now: number, more: Setting = {}): Picker =>
    pickerOf(instances, { presence: before.presence, now, ...more });

  it('a lane that came back serves only after it settled', () => {
    const first = pickerOf(ALL);
    const lost = next(first, ['stable-1'], 2000);
    const back = next(lost, ALL, 3000);
    const waiting = next(back, ALL, 7999);
    const settled = next(waiting, ALL, 8000);
    expect([first, lost, back, waiting, settled].map((picker) => inWords(picker, 'gray').split(':')[0])).toEqual([
      'hit gray',
      'fallback stable (no-instances)',
      'fallback stable (settling)',
      'fallback stable (settling)',
      'hit gray',
    ]);
    expect([first, lost, back, waiting, settled].map((picker) => picker.staleAt)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      8000,
      8000,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('an ejection that ends makes the picker stale, and the lane settles then', () => {
    const first = pickerOf(['stable-1', 'gray-1']);
    const ejected = next(first, ['stable-1', 'gray-1'], 2000, { ejected: { 'gray-1': 3000 } });
    expect([inWords(ejected, 'gray'), ejected.staleAt]).toEqual(['fallback stable (ejected): stable-1', 3000]);
    const back = next(ejected, ['stable-1', 'gray-1'], 3000, { ejected: { 'gray-1': 3000 } });
    expect([inWords(back, 'gray'), back.staleAt]).toEqual(['fallback stable (settling): stable-1', 8000]);
  });

  it('stable never settles, and neither does a strict lane: nothing comes after them', () => {
    for (const lane of ['stable', 'hard']) {
      const first = pickerOf([`${lane}-1`], { policy: LANES });
      const lost = next(first, [], 2000, { policy: LANES });
      const back = next(lost, [`${lane}-1`], 3000, { policy: LANES });
      expect([first, lost, back].map((picker) => inWords(picker, lane))).toEqual([
        `hit ${lane}: ${lane}-1`,
        'empty (no-instances)',
        `hit ${lane}: ${lane}-1`,
      ]);
    }
  });
});

describe('among the instances of a lane', () => {
  it('weights are respected, and an instance without weight gets nothing', () => {
    const picker = pickerOf(['stable-1 *1', 'stable-2 *2', 'stable-3 *7', 'stable-4 *0']);
    const random = seeded(1);
    const counts: Record<string, number> = {};
    for (let n = 0; n < 50_000; n++) {
      const pick = picker.pick(STABLE, random);
      if ('instance' in pick) counts[pick.instance.id] = (counts[pick.instance.id] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['stable-1', 'stable-2', 'stable-3']);
    for (const [id, share] of [
      ['stable-1', 0.1],
      ['stable-2', 0.2],
      ['stable-3', 0.7],
    ] as const)
      expect(Math.abs((counts[id] as number) / 50_000 - share)).toBeLessThan(0.01);
  });

  it('the idle one is preferred, and a load survives the picker', () => {
    const loads = new Map<string, { inFlight: number }>([
      ['stable-1', { inFlight: 9 }],
      ['stable-2', { inFlight: 0 }],
    ]);
    const loadOf = ({ id }: Instance) => loads.get(id) ?? { inFlight: 0 };
    const picker = pickerOf(['stable-1', 'stable-2'], { loadOf });
    const random = seeded(3);
    const share = (): number =>
      Array.from({ length: 4000 }, () => picker.pick(STABLE, random)).filter(
        (pick) => 'instance' in pick && pick.instance.id === 'stable-2',
      ).length / 4000;
    expect(share()).toBeGreaterThan(0.7);
    (loads.get('stable-2') as { inFlight: number }).inFlight = 99;
    expect(share()).toBeLessThan(0.3);
  });

  it('round robin takes one after the other', () => {
    const picker = pickerOf(['stable-1', 'gray-1', 'stable-2', 'stable-3'], { balance: 'round-robin' });
    const ids = Array.from({ length: 6 }, () => picker.pick(STABLE, () => 0)).map(
      (pick) => 'instance' in pick && pick.instance.id,
    );
    expect(ids).toEqual(['stable-2', 'stable-3', 'stable-1', 'stable-2', 'stable-3', 'stable-1']);
  });

  it('a pick carries the load of its instance and the lane that serves', () => {
    const load = { inFlight: 0 };
    const pick = pickerOf(['gray-1'], { loadOf: () => load }).pick(gray, seeded(1));
    expect(pick).toMatchObject({ kind: 'hit', lane: 'gray', instance: { id: 'gray-1' } });
    expect('load' in pick && pick.load).toBe(load);
  });
});

describe('the last resort', () => {
  it('leaves out what nobody can connect to, however many they are, while there is any other', () => {
    const instances = ['a', 'b', 'c', 'd'].map((id) => ({ ...stableInstance, id }));
    const served = (unreachable: readonly string[]): string[] => {
      const picker = createPicker({
        ...lastResortInput,
        instances,
        ejectedUntil: ({ id }) => (id === 'd' ? 0 : 10),
        unreachable: ({ id }) => unreachable.includes(id),
      });
      const picks = Array.from({ length: 60 }, (_, n) => picker.pick(STABLE, () => (n % 60) / 60));
      return [...new Set(picks.flatMap((pick) => ('instance' in pick ? [pick.instance.id] : [])))].sort();
    };
    expect(served([])).toEqual(['a', 'd']);
    expect(served(['a', 'b', 'c'])).toEqual(['d']);
    expect(served(['a', 'b'])).toEqual(['d']);
    expect(served(['a', 'b', 'c', 'd'])).toEqual(['d']);
  });
});

const stableInstance: Instance = {
  id: '',
  service: 's',
  host: 'h',
  port: 1,
  lane: 'stable',
  weight: 1,
  zone: '',
  state: 'ready',
  metadata: {},
};

const lastResortInput: PickerInput = {
  service: 's',
  instances: [],
  routing: DEFAULT_ROUTING,
  stableMode: 'unlabelled',
  balance: 'p2c',
  ejectedUntil: () => 0,
  maxEjectedShare: 0.5,
  loadOf: () => ({ inFlight: 0 }),
  presence: new Map(),
  settleMs: 0,
  now: 1,
};

describe('slow start', () => {
  const shareOf = (now: number): number => {
    const cameAt = ({ id }: { id: string }): number => (id === 'gray-2' ? 1_000 : Number.NEGATIVE_INFINITY);
    const picker = pickerOf(['gray-1', 'gray-2'], { now, slowStartMs: 10_000, cameAt, balance: 'p2c' });
    const random = seeded(7);
    let chosen = 0;
    for (let turn = 0; turn < 4_000; turn++) {
      const pick = picker.pick(gray, random);
      // Both stay idle, so the first draw decides: by weight alone.
      if ('instance' in pick && pick.instance.id === 'gray-2') chosen++;
    }
    return chosen / 4_000;
  };

  it('gives an instance that came later its share little by little', () => {
    expect(shareOf(1_000)).toBeCloseTo(0.1 / 1.1, 1);
    expect(shareOf(6_000)).toBeCloseTo(0.5 / 1.5, 1);
    expect(shareOf(11_000)).toBeCloseTo(0.5, 1);
  });

  it('is due for another picker at each step, and not after the last', () => {
    const cameAt = (): number => 1_000;
    const at = (now: number): number => pickerOf(['gray-1'], { now, slowStartMs: 10_000, cameAt }).staleAt;
    expect([1_000, 3_000, 10_999, 11_000].map(at)).toEqual([3_000, 4_000, 11_000, Number.POSITIVE_INFINITY]);
  });
});
