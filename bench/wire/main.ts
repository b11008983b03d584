import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseCases, type WireCase } from '../../test/wire/notation.ts';
import { countLeniently, readStrictly } from '../../test/wire/readers.ts';
import { type Outcome, play } from '../../test/wire/run.ts';
import { finalStatuses } from '../../test/wire/show.ts';
import { formatTable } from '../report.ts';
import { type Contender, PROXIES } from './proxies.ts';

const CASES = new URL('../../test/wire/cases/', import.meta.url);

const HELP = `node --conditions=@graylane/source bench/wire/main.ts [theme …] [options]

Plays the cases of test/wire/cases against this gateway, nginx and HAProxy, and shows where they differ: in which
requests the upstream got, or in whether the client was refused.

Options:
  --only TEXT  only cases whose name has TEXT
  --all        also where all do the same
  --help       this text`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else await run();

async function run(): Promise<void> {
  const present = PROXIES.filter(({ start }) => start);
  const results = await Promise.all(present.map(playAll));
  for (const theme of themes()) {
    const rows = casesOf(theme).flatMap((wire, at) => {
      const verdicts = results.map((result) => (result.get(theme) as readonly Verdict[])[at] as Verdict);
      const same = verdicts.every(({ key }) => key === verdicts[0]?.key);
      if (same && !values.all) return [];
      return [
        { name: wire.name, ...Object.fromEntries(present.map(({ name }, proxy) => [name, verdicts[proxy]?.text])) },
      ];
    });
    const columns = [{ key: 'name', title: 'case' }, ...present.map(({ name }) => ({ key: name, title: name }))];
    if (rows.length > 0) console.log(`\n${formatTable({ title: theme, columns, rows })}`);
  }
  for (const { name, start } of PROXIES)
    if (!start) console.log(`\n${name} skipped: it is not installed (apt-get install ${name})`);
  process.exit(); // whoever was left waiting for a byte that never comes
}

/** What a proxy made of a case: as text, and what of it counts as different. */
interface Verdict {
  readonly text: string;
  readonly key: string;
}

async function playAll({ start }: Contender): Promise<ReadonlyMap<string, readonly Verdict[]>> {
  const setting = await (start as NonNullable<Contender['start']>)();
  const verdicts = new Map<string, Verdict[]>();
  for (const theme of themes()) {
    const of: Verdict[] = [];
    for (const wire of casesOf(theme)) of.push(verdictOn(await play(setting, wire, false)));
    verdicts.set(theme, of);
  }
  await setting.close();
  return verdicts;
}

function verdictOn(outcome: Outcome): Verdict {
  const statuses = finalStatuses(outcome);
  const requests = outcome.tapes.flatMap(({ requests: whole, rest }) => [
    ...whole.map(nameOf),
    ...(rest === '' ? [] : ['a part']),
  ]);
  const doubtful = outcome.tapes.some(
    ({ bytes, requests: whole, rest }) => countLeniently(bytes) !== whole.length + (rest === '' ? 0 : 1),
  );
  const parts = [statuses.join(' ') || (outcome.closed ? 'closed' : 'silence')];
  if (requests.length > 0) parts.push(`→ ${shorten(requests.join(', '))}`);
  if (doubtful) parts.push('MORE FOR SOME');
  if (outcome.probe !== 'its own') parts.push('WRONG ANSWER TO THE NEXT');
  const refused = statuses.map((status) => (status < 400 ? 'answered' : 'refused')).join();
  const whole = requests.filter((request) => request !== 'a part');
  return { text: parts.join(' '), key: [refused, ...whole, doubtful, outcome.probe === 'its own'].join(' ') };
}

function nameOf(bytes: string): string {
  const request = readStrictly(bytes, 0);
  if (typeof request === 'string' || 'wrong' in request) return 'something else';
  const [method, target = ''] = request.start.split(' ');
  return `${method} ${shorten(target)}${request.body === '' ? '' : ` +${request.body.length}`}`;
}

function shorten(text: string): string {
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}

function themes(): readonly string[] {
  const all = readdirSync(CASES).map((file) => file.replace(/\.txt$/, ''));
  return positionals.length === 0 ? all : all.filter((theme) => positionals.includes(theme));
}

function casesOf(theme: string): readonly WireCase[] {
  const cases = parseCases(theme, readFileSync(new URL(`${theme}.txt`, CASES), 'utf8'));
  return cases.filter(({ name }) => name.includes(values.only));
}
