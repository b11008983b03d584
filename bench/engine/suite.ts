import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Goal, Report, Table } from '../report.ts';
import { median, shuffle, spread } from '../statistics.ts';
import type { Suite, SuiteOptions } from '../suite.ts';
import { type Costs, keyOf, ratiosOf } from './costs.ts';
import { engineGoals } from './goals.ts';
import type { Cost, Effort } from './measure.ts';
import type { Question } from './probe.ts';
import { QUESTIONS } from './questions.ts';

const execute = promisify(execFile);

/** Nanoseconds and bytes of deciding, picking, reading and writing, each against peers in the same run. */
export const engine: Suite = {
  name: 'engine',
  summary: 'what deciding, picking and carrying cost, against flagd, Unleash, JsonLogic and OpenTelemetry',
  run,
};

async function run({ quick, only, progress }: SuiteOptions): Promise<Report> {
  const rounds = quick ? 1 : 3;
  const effort: Effort = quick ? { warmUpMs: 150, batches: 30 } : { warmUpMs: 350, batches: 80 };
  const questions = QUESTIONS.filter(({ name }) => only === undefined || name.includes(only));
  const runs = questions.flatMap(({ name, contenders }) =>
    Object.keys(contenders).map((contender) => [name, contender] as const),
  );
  const costs = new Map<string, Cost[]>();
  for (let round = 1; round <= rounds; round++) {
    for (const [at, [question, contender]] of shuffle(runs).entries()) {
      progress(`engine, round ${round} of ${rounds}, ${at + 1} of ${runs.length}: ${question}, ${contender}`);
      const key = keyOf(question, contender);
      costs.set(key, [...(costs.get(key) ?? []), await measureInProcess(question, contender, effort)]);
    }
  }
  const groups = Map.groupBy(questions, ({ group }) => group);
  const tables = [...groups].map(([group, asked]) => tableOf(group, asked, costs));
  const notes = quick ? ['--quick: one process each, so no range'] : [];
  const goals: Goal[] = engineGoals(costs);
  return { suite: 'engine', tables, notes, goals };
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

function tableOf(group: string, questions: readonly Question[], costs: Costs): Table {
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
    title: `${group}: time of a call, as a multiple of Graylane's`,
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
