import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Goal, Report, Table } from '../report.ts';
import { median, shuffle, spread } from '../statistics.ts';
import { isAsked, type Suite, type SuiteOptions } from '../suite.ts';
import { CARRIER_QUESTIONS } from './carriers.ts';
import { type Costs, keyOf, ratiosOf } from './costs.ts';
import { DECIDE_QUESTIONS } from './decisions.ts';
import { carrierGoals, decideGoals, pickGoals } from './goals.ts';
import type { Cost, Effort } from './measure.ts';
import { PICK_QUESTIONS } from './picks.ts';
import type { Question } from './probe.ts';

const execute = promisify(execFile);

/** What one of the suites measures. */
interface Asked {
  readonly name: string;
  readonly summary: string;
  readonly questions: readonly Question[];
  readonly goalsOf: (costs: Costs) => Goal[];
}

/** Nanoseconds and bytes of deciding, each against peers in the same run. */
export const decide: Suite = suiteOf({
  name: 'decide',
  summary: 'what deciding costs, against JsonLogic, flagd, Unleash and LaunchDarkly',
  questions: DECIDE_QUESTIONS,
  goalsOf: decideGoals,
});

/** The same of picking. */
export const pick: Suite = suiteOf({
  name: 'pick',
  summary: 'what picking an instance costs, against the client of Nacos',
  questions: PICK_QUESTIONS,
  goalsOf: pickGoals,
});

/** The same of reading and writing the lane. */
export const carrier: Suite = suiteOf({
  name: 'carrier',
  summary: 'what reading and writing the lane costs, against OpenTelemetry',
  questions: CARRIER_QUESTIONS,
  goalsOf: carrierGoals,
});

function suiteOf({ name, summary, questions, goalsOf }: Asked): Suite {
  const run = async (options: SuiteOptions): Promise<Report> => {
    const asked = questions.filter(({ name }) => isAsked(name, options));
    const costs = await measureAll(name, asked, options);
    const notes = options.quick ? ['--quick: one process each, so no range'] : [];
    return { suite: name, tables: asked.length > 0 ? [tableOf(name, asked, costs)] : [], notes, goals: goalsOf(costs) };
  };
  return { name, summary, run };
}

async function measureAll(
  suite: string,
  questions: readonly Question[],
  { quick, progress }: SuiteOptions,
): Promise<Costs> {
  const rounds = quick ? 1 : 3;
  const effort: Effort = quick ? { warmUpMs: 150, batches: 30 } : { warmUpMs: 350, batches: 80 };
  const runs = questions.flatMap(({ name, contenders }) =>
    Object.keys(contenders).map((contender) => [name, contender] as const),
  );
  const costs = new Map<string, Cost[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const [at, [question, contender]] of shuffle(runs).entries()) {
      progress(`${suite}, round ${round} of ${rounds}, ${at + 1} of ${runs.length}: ${question}, ${contender}`);
      const key = keyOf(question, contender);
      costs.set(key, [...(costs.get(key) ?? []), await measureInProcess(question, contender, effort)]);
    }
  }
  return costs;
}

async function measureInProcess(question: string, contender: string, effort: Effort): Promise<Cost> {
  const script = fileURLToPath(new URL('process.ts', import.meta.url));
  const flags = [
    '--conditions=@graylane/source',
    '--expose-gc',
    '--min-semi-space-size=64',
    '--max-semi-space-size=64',
  ];
  const { stdout } = await execute(process.execPath, [...flags, script, question, contender, JSON.stringify(effort)]);
  return JSON.parse(stdout);
}

function tableOf(suite: string, questions: readonly Question[], costs: Costs): Table {
  const rows = questions.flatMap(({ name, contenders }) => {
    const [ours = ''] = Object.keys(contenders);
    return Object.keys(contenders).map((contender, at) => {
      const measured = costs.get(keyOf(name, contender)) ?? [];
      return {
        question: at === 0 ? name : '',
        contender,
        ratio: spread(ratiosOf(costs, keyOf(name, contender), keyOf(name, ours))),
        ns: median(measured.map(({ ns }) => ns)),
        bytes: median(measured.map(({ bytes }) => bytes)),
      };
    });
  });
  return {
    title: `${suite}: time of a call, as a multiple of Graylane's`,
    columns: [
      { key: 'question', title: 'question' },
      { key: 'contender', title: 'contender' },
      { key: 'ratio', title: 'x graylane (range)' },
      { key: 'bytes', title: 'B/op' },
      { key: 'ns', title: 'raw ns' },
    ],
    rows,
  };
}
