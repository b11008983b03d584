import { parseArgs } from 'node:util';
import { carrier, decide, pick } from './engine/suite.ts';
import { gateway } from './gateway/suite.ts';
import { hop } from './hop/suite.ts';
import { describeMachine } from './machine.ts';
import { formatReport, type Report } from './report.ts';
import type { Suite, SuiteOptions } from './suite.ts';
import { wire } from './wire/suite.ts';

const SUITES: readonly Suite[] = [decide, pick, carrier, gateway, hop, wire];

const HELP = `npm run bench -- [suite …] [options]

Suites (all, when none is named):
${SUITES.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join('\n')}

Options:
  --quick          few and short samples, about six minutes for all suites
  --only A,B       only what has A or B in its name, beside what ratios are taken to
  --base TEXT      what the gateway suite takes its ratios to: nginx, http-proxy … (fast-proxy)
  --noise CORES    foreign load above which a sample does not count (0.3)
  --profile DIR    leave a CPU profile of each measured process of the gateway and hop suites in DIR
  --json           one JSON document on standard output
  --help           this text

How to read the tables: bench/README.md`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    base: { type: 'string' },
    noise: { type: 'string', default: '0.3' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !SUITES.some((suite) => suite.name === name));

if (values.help) console.log(HELP);
else if (unknown.length > 0 || !(Number(values.noise) > 0)) {
  console.error(
    unknown.length > 0 ? `No suite is called ${unknown.join(', ')}.\n` : '--noise must be a number of cores.\n',
  );
  console.error(HELP);
  process.exitCode = 2;
} else {
  await run();
  process.exit(); // wire leaves clients waiting for bytes that never come
}

async function run(): Promise<void> {
  const machine = describeMachine();
  const say = (text: string): void => (values.json ? undefined : console.log(text));
  const reports: Report[] = [];
  const options: SuiteOptions = {
    quick: values.quick,
    maxForeign: Number(values.noise),
    only: values.only?.split(',').map((part) => part.trim()),
    base: values.base,
    profile: values.profile,
    progress: showProgress,
  };
  say(
    Object.entries(machine)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n'),
  );
  for (const suite of SUITES) {
    if (positionals.length > 0 && !positionals.includes(suite.name)) continue;
    try {
      const report = withoutUnasked(await suite.run(options), options);
      reports.push(report);
      say(`\n${formatReport(report)}`);
    } catch (error) {
      console.error(`\n${suite.name} failed:`, error); // a contender that does not do its job makes no result
      process.exitCode = 1;
    }
  }
  if (values.json)
    console.log(
      JSON.stringify({ date: new Date().toISOString(), machine, quick: values.quick, reports }, undefined, 2),
    );
}

/** Goals that `--only` left out are not missing. */
function withoutUnasked(report: Report, { only }: SuiteOptions): Report {
  return only === undefined
    ? report
    : { ...report, goals: report.goals.filter(({ reached }) => reached !== undefined) };
}

/** One line that is written over; silent where nobody looks. */
function showProgress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}\r`);
}
