import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { type Finding, formatFinding, wrongWith } from './finding.ts';
import { Fuzzer } from './fuzzer.ts';
import { slowdownOf } from './growth.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { carrier } from './targets/carrier.ts';
import { conditions } from './targets/conditions.ts';
import { facts } from './targets/facts.ts';
import { operators } from './targets/operators.ts';
import { policy } from './targets/policy.ts';
import { requests } from './targets/requests.ts';

const TARGETS: readonly Target[] = [policy, conditions, carrier, facts, operators, requests];

/** How long a target runs before the next one does, in milliseconds. */
const TURN = 10_000;

const HELP = `npm run fuzz -- [options]

Throws inputs at the parts of the engine that read what comes from outside, and keeps those that reach new code. A
target ends with its first input that throws, is answered wrongly, or costs more than its length; the input and the seed
are printed, and the exit status is 1.

Targets:
${TARGETS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}

Options:
  --minutes N   how long in all, shared between the targets (1)
  --only NAME   this target alone; may be repeated
  --seed N      the seed of chance (one that is new every time)
  --input FILE  runs the inputs in this file, one JSON text a line, and nothing else
  --help        this text`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
    input: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((name) => !TARGETS.some((target) => target.name === name));
const seed = Number(values.seed);

if (values.help) console.log(HELP);
else if (unknown.length > 0 || !Number.isInteger(seed) || !(Number(values.minutes) > 0)) {
  console.error(
    unknown.length > 0 ? `No target is called ${unknown.join(', ')}.\n` : '--seed and --minutes are numbers.\n',
  );
  console.error(HELP);
  process.exitCode = 2;
} else {
  const chosen = TARGETS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  const found = values.input === undefined ? fuzz(chosen) : replay(chosen, values.input);
  process.exitCode = found.length > 0 ? 1 : 0;
}

/** Gives each target its share of the time, in turns. A target ends with its first finding. */
function fuzz(targets: readonly Target[]): readonly Finding[] {
  const total = Number(values.minutes) * 60_000;
  const end = performance.now() + total;
  const coverage = new Coverage();
  const fuzzers = new Set(targets.map((target) => new Fuzzer(target, coverage, new Random(seed))));
  const found: Finding[] = [];
  const add = (fuzzer: Fuzzer, finding: Finding | undefined): void => {
    if (!finding) return;
    found.push(finding);
    fuzzers.delete(fuzzer);
    console.log(fuzzer.progress);
    console.error(`\n${formatFinding(finding, seed)}\n`);
  };
  console.log(`seed ${seed}, ${values.minutes} minutes`);
  while (performance.now() < end && fuzzers.size > 0) {
    const turn = Math.min(TURN, total / 2 / fuzzers.size, (end - performance.now()) / fuzzers.size);
    for (const fuzzer of fuzzers) {
      const stop = performance.now() + turn;
      while (fuzzers.has(fuzzer) && performance.now() < stop) add(fuzzer, fuzzer.step());
    }
    for (const { progress } of fuzzers) console.log(progress);
  }
  return found;
}

function replay(targets: readonly Target[], file: string): readonly Finding[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const coverage = new Coverage();
  return targets.flatMap((target) =>
    lines.flatMap((line) => {
      const input = JSON.parse(line) as Finding['input'];
      const message = typeof input === 'string' ? wrongWith(target, input) : slowdownOf(target, input, coverage);
      if (message === undefined) return [];
      const finding: Finding = { target: target.name, message, input };
      console.error(formatFinding(finding, seed));
      return finding;
    }),
  );
}
