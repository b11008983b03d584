import { setTimeout as sleep } from 'node:timers/promises';
import { shuffle } from '../statistics.ts';
import type { SuiteOptions } from '../suite.ts';
import { cpuTimeOf, residentOf, watchForeign } from './cpu.ts';
import type { Generator, Load } from './generator.ts';
import type { Process } from './processes.ts';

/** Something that is measured under load. */
export interface Contender {
  readonly name: string;
  /** Contenders of one group are measured right after each other: so they can be compared more closely. Alone without. */
  readonly group?: string;
  /** Starts it in a fresh process. */
  start(): Promise<Process & { readonly port: number }>;
  /** @throws Error when it does not do the job that is measured */
  check(port: number): Promise<void>;
}

/** What one request cost in one fresh process. */
export interface Sample {
  /** Microseconds of CPU a request, over all threads. */
  readonly cpu: number;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Megabytes that were resident under load. */
  readonly resident: number;
  /** Cores that others used meanwhile. */
  readonly foreign: number;
}

/** One sample of each contender, taken one after the other in random order, a group together. */
export interface Round {
  readonly samples: ReadonlyMap<string, Sample>;
  /** The most that others used during a sample, in cores. */
  readonly foreign: number;
}

/** What a series of rounds is made of. */
export interface Series {
  readonly name: string;
  readonly contenders: readonly Contender[];
  readonly generator: Generator;
  readonly load: Omit<Load, 'port' | 'seconds'>;
  /** Processes whose work belongs to the measurement: the upstream. */
  readonly beside: readonly Process[];
}

/**
 * How much is taken, and how much is taken again when others are at work: so many rounds and tries, and no more once that
 * took the spare seconds.
 */
const FULL = { rounds: 5, roundsAtMost: 8, triesOfSample: 3, warmUpSeconds: 2, seconds: 3, spareSeconds: 60 };
const QUICK = { rounds: 2, roundsAtMost: 3, triesOfSample: 2, warmUpSeconds: 1, seconds: 1, spareSeconds: 10 };

type Plan = typeof FULL;

/**
 * Takes rounds until there are enough quiet ones. A sample that was disturbed is taken again, from a fresh process; when it
 * is disturbed each time, the round is refused and another one taken instead. That has bounds: where the machine does not
 * get quiet in time, the least disturbed rounds are the result, and a note says so.
 */
export async function takeRounds(series: Series, options: SuiteOptions): Promise<{ rounds: Round[]; notes: string[] }> {
  const plan = options.quick ? QUICK : FULL;
  const isQuiet = ({ foreign }: Round): boolean => foreign <= options.maxForeign;
  const spare = createAllowance(plan.spareSeconds);
  const taken: Round[] = [];
  const next = async (): Promise<void> => {
    options.progress(`${series.name}: round ${taken.length + 1}`);
    taken.push(await takeRound(series, plan, options.maxForeign, spare));
  };
  while (taken.length < plan.rounds) await next();
  while (taken.filter(isQuiet).length < plan.rounds && taken.length < plan.roundsAtMost && spare.isLeft())
    await spare.spend(next);
  const rounds = taken.toSorted((a, b) => a.foreign - b.foreign).slice(0, plan.rounds);
  const refused = taken.length - taken.filter(isQuiet).length;
  if (refused === 0) return { rounds, notes: [] };
  const disturbed = rounds.filter((round) => !isQuiet(round));
  const note = `${series.name}: others used more than ${options.maxForeign} core in ${refused} of ${taken.length} rounds`;
  const most = disturbed.at(-1)?.foreign.toFixed(1);
  const shown = `${disturbed.length} of the ${rounds.length} rounds shown are disturbed (up to ${most} cores)`;
  return { rounds, notes: [disturbed.length === 0 ? `${note}, which were refused` : `${note}: ${shown}`] };
}

async function takeRound(series: Series, plan: Plan, maxForeign: number, spare: Allowance): Promise<Round> {
  const samples = new Map<string, Sample>();
  let foreign = 0;
  const groups = Map.groupBy(series.contenders, ({ name, group = name }) => group);
  for (const contender of shuffle([...groups.values()]).flatMap(shuffle)) {
    // Once a round is disturbed, quiet samples would not save it.
    const tries = foreign > maxForeign ? 1 : plan.triesOfSample;
    const sample = await takeQuietSample(series, contender, { ...plan, triesOfSample: tries }, maxForeign, spare);
    samples.set(contender.name, sample);
    foreign = Math.max(foreign, sample.foreign);
  }
  return { samples, foreign };
}

/** The first quiet sample, or the quietest of some. */
async function takeQuietSample(
  series: Series,
  contender: Contender,
  plan: Plan,
  maxForeign: number,
  spare: Allowance,
): Promise<Sample> {
  let best = await takeSample(series, contender, plan);
  for (let tried = 1; tried < plan.triesOfSample && best.foreign > maxForeign && spare.isLeft(); tried++) {
    await spare.spend(async () => {
      await untilQuiet(maxForeign, plan.seconds * 3);
      const sample = await takeSample(series, contender, plan);
      if (sample.foreign < best.foreign) best = sample;
    });
  }
  return best;
}

async function takeSample({ generator, load, beside }: Series, contender: Contender, plan: Plan): Promise<Sample> {
  const running = await contender.start();
  try {
    const { port, pid } = running;
    await contender.check(port);
    await generator.generate({ ...load, port, seconds: plan.warmUpSeconds });
    const foreign = watchForeign([pid, ...beside.map((process) => process.pid)]);
    const before = cpuTimeOf(pid);
    const { requests, rate, p50, p99 } = await generator.generate({ ...load, port, seconds: plan.seconds });
    const cpu = (cpuTimeOf(pid) - before) / 1_000 / requests;
    return { cpu, rate, p50, p99, resident: residentOf(pid), foreign: foreign() };
  } finally {
    await running.stop();
  }
}

/** Waits until others leave the machine alone for half a second, but not for longer than that many seconds. */
async function untilQuiet(maxForeign: number, seconds: number): Promise<void> {
  for (let waited = 0; waited < seconds; waited += 0.5) {
    const foreign = watchForeign([]);
    await sleep(500);
    if (foreign() <= maxForeign) return;
  }
}

/** Time that may be spent on something. */
interface Allowance {
  isLeft(): boolean;
  spend(work: () => Promise<void>): Promise<void>;
}

function createAllowance(seconds: number): Allowance {
  let left = seconds * 1_000;
  return {
    isLeft: () => left > 0,
    async spend(work) {
      const started = performance.now();
      await work();
      left -= performance.now() - started;
    },
  };
}
