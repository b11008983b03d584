import { type Balance, createPicker, DEFAULT_ROUTING, type Instance, type Lane, type Pick } from '@graylane/core';
import { fresh, type Probe, probe, type Question, times } from './probe.ts';

const SIZES = [3, 100, 10_000];

/** The questions about picking: a ready gray instance where a tenth are gray and one in twenty is down. */
export const PICK_QUESTIONS: readonly Question[] = SIZES.map((size) => ({
  name: `pick, ${size.toLocaleString('en')} instances`,
  group: 'pick',
  contenders: {
    'graylane, p2c': () => graylane(size, 'p2c'),
    'graylane, round-robin': () => graylane(size, 'round-robin'),
    'filter and weighted draw per call': () => filterAndDraw(size),
  },
}));

function instancesOf(size: number): Instance[] {
  return times(size, (at) => ({
    id: `i${at}`,
    service: 'orders',
    host: `10.0.${at >> 8}.${at & 255}`,
    port: 8080,
    lane: at % 10 === 0 ? 'gray' : 'stable',
    weight: 1 + (at % 5),
    zone: '',
    state: at % 20 === 19 ? 'down' : 'ready',
    metadata: { lane: at % 10 === 0 ? 'gray' : 'stable' },
  }));
}

function lanes(count: number): Lane[] {
  return times(count, () => fresh('gray') as Lane);
}

function graylane(size: number, balance: Balance): Probe {
  const loads = new Map<string, { inFlight: number }>();
  const picker = createPicker({
    service: 'orders',
    instances: instancesOf(size),
    routing: DEFAULT_ROUTING,
    stableMode: 'unlabelled',
    balance,
    ejectedUntil: () => 0,
    maxEjectedShare: 0.5,
    loadOf: ({ id }) => loads.get(id) ?? loads.set(id, { inFlight: 0 }).get(id) ?? { inFlight: 0 },
    presence: new Map(),
    settleMs: 0,
    now: 0,
  });
  return probe<Lane>({
    inputs: lanes,
    run: (lane) => picker.pick(lane, Math.random),
    isRight: (answer) => (answer as Pick).kind === 'hit' && (answer as { lane: string }).lane === 'gray',
  });
}

/** What registry clients do, Nacos's `selectInstances` among them: look at every instance for every call. */
function filterAndDraw(size: number): Probe {
  const instances = instancesOf(size);
  return probe<Lane>({
    inputs: lanes,
    run: (lane) => {
      const candidates = instances.filter(
        ({ state, weight, metadata }) => state === 'ready' && weight > 0 && metadata.lane === lane,
      );
      let point = Math.random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
      for (const candidate of candidates) {
        point -= candidate.weight;
        if (point < 0) return candidate;
      }
      return candidates[0];
    },
    isRight: (answer) => (answer as Instance).lane === 'gray',
  });
}
