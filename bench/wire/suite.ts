import { readdirSync, readFileSync } from 'node:fs';
import { parseCases, type WireCase } from '../../test/wire/notation.ts';
import { countLeniently, readStrictly } from '../../test/wire/readers.ts';
import { type Outcome, play } from '../../test/wire/run.ts';
import { finalStatuses } from '../../test/wire/show.ts';
import type { Report, Table } from '../report.ts';
import { isAsked, type Suite, type SuiteOptions } from '../suite.ts';
import { type Contender, PROXIES } from './proxies.ts';

const CASES = new URL('../../test/wire/cases/', import.meta.url);

/** Raw requests and answers: where this gateway, nginx and haproxy do different things with them. */
export const wire: Suite = {
  name: 'wire',
  summary: 'raw requests to the gateway, nginx and haproxy: where they differ, about two minutes',
  run,
};

/**
 * Plays the cases of `test/wire/cases`. They differ in which requests the upstream got, or in whether the client was
 * refused; cases that were asked for by name are shown also where all do the same.
 */
async function run(options: SuiteOptions): Promise<Report> {
  const present = PROXIES.filter(({ start }) => start);
  const themes = readThemes(options);
  options.progress('wire: all proxies at once');
  const results = await Promise.all(present.map((contender) => playAll(contender, themes)));
  const columns = [{ key: 'name', title: 'case' }, ...present.map(({ name }) => ({ key: name, title: name }))];
  const tables = themes.flatMap(({ theme, cases }): Table[] => {
    const rows = cases.flatMap((wireCase) => {
      const verdicts = results.map((result) => result.get(wireCase) as Verdict);
      const same = verdicts.every(({ key }) => key === verdicts[0]?.key);
      if (same && options.only === undefined) return [];
      const texts = present.map(({ name }, proxy) => [name, verdicts[proxy]?.text]);
      return [{ name: wireCase.name, ...Object.fromEntries(texts) }];
    });
    return rows.length > 0 ? [{ title: theme, columns, rows }] : [];
  });
  const played = themes.reduce((sum, { cases }) => sum + cases.length, 0);
  const shown = tables.reduce((sum, { rows }) => sum + rows.length, 0);
  const skipped = PROXIES.filter(({ start }) => !start).map(
    ({ name }) => `${name} skipped: it is not installed (apt-get install ${name})`,
  );
  return { suite: 'wire', tables, notes: [`${shown} of ${played} cases shown`, ...skipped], goals: [] };
}

/** What a proxy made of a case: as text, and what of it counts as different. */
interface Verdict {
  readonly text: string;
  readonly key: string;
}

/** The cases of a file. */
interface Theme {
  readonly theme: string;
  readonly cases: readonly WireCase[];
}

async function playAll({ start }: Contender, themes: readonly Theme[]): Promise<ReadonlyMap<WireCase, Verdict>> {
  const setting = await (start as NonNullable<Contender['start']>)();
  const verdicts = new Map<WireCase, Verdict>();
  for (const wireCase of themes.flatMap(({ cases }) => cases))
    verdicts.set(wireCase, verdictOn(await play(setting, wireCase, false)));
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

function readThemes(options: SuiteOptions): readonly Theme[] {
  return readdirSync(CASES).map((file) => {
    const theme = file.replace(/\.txt$/, '');
    const cases = parseCases(theme, readFileSync(new URL(file, CASES), 'utf8'));
    return { theme, cases: cases.filter(({ name }) => isAsked(`${theme}: ${name}`, options)) };
  });
}
