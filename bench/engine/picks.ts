import {
  type Balance,
  createPicker,
  createRandom,
  DEFAULT_ROUTING,
  type Instance,
  type Lane,
  type Pick,
} from '@graylane/core';
import { drawByWeight, instancesOf, lanes } from './instances.ts';
import { type Probe, probe, type Question } from './probe.ts';

const SIZES = [3, 100, 10_000];

/** The questions about picking: a ready gray instance. */
export const PICK_QUESTIONS: readonly Question[] = SIZES.map((size) => ({
  name: `pick, ${size.toLocaleString('en')} instances`,
  contenders: {
    'graylane, p2c': () => graylane(size, 'p2c'),
    'graylane, round-robin': () => graylane(size, 'round-robin'),
    'filter and weighted draw per call': () => filterAndDraw(size),
    nacos: async () => (await import('./nacos.ts')).nacosPick(size), // loaded only in the process that measures it
  },
}));

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
  const random = createRandom(crypto.getRandomValues(new Uint32Array(4))); // as a router has it
  return probe<Lane>({
    inputs: lanes,
    run: (lane) => picker.pick(lane, random),
    isRight: (answer) => (answer as Pick).kind === 'hit' && (answer as { lane: string }).lane === 'gray',
  });
}

/** What registry clients do at the least: look at every instance for every call. */
function filterAndDraw(size: number): Probe {
  const instances = instancesOf(size);
  return probe<Lane>({
    inputs: lanes,
    run: (lane) =>
      drawByWeight(
        instances.filter(({ state, weight, metadata }) => state === 'ready' && weight > 0 && metadata.lane === lane),
      ),
    isRight: (answer) => (answer as Instance).lane === 'gray',
  });
}
