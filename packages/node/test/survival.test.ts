import { beforeAll, describe, expect, it } from '@jest/globals';
import { appModule, withSDK } from './otel-apps.ts';
import type { Calls, Seen, SurvivalInput, SurvivalReport } from './programs/survival.ts';
import { inPairs, type ProgramOptions, runProgram } from './run-program.ts';

/** One process: which OpenTelemetry it has, and when that starts. */
interface Cell extends ProgramOptions {
  readonly name: string;
}

const later = (version: 2 | 3): SurvivalInput => ({ startLater: appModule(version, 'start').href });

const cells: readonly Cell[] = [
  { name: 'without OpenTelemetry' },
  // Node itself listens to undici's channels then, as an instrumentation would.
  { name: 'without OpenTelemetry, with NODE_DEBUG=undici', env: { NODE_DEBUG: 'undici' } },
  ...([2, 3] as const).flatMap((version) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['tracecontext,baggage', 'tracecontext'] as const).flatMap((propagators) =>
        (['with', 'without'] as const).map((instrumentations): Cell => {
          const before = when === 'before';
          return {
            name: `with SDK ${version} started ${when} the router, ${propagators}, ${instrumentations} instrumentations`,
            preload: [appModule(version, 'one-api'), ...(before ? [appModule(version, 'start')] : [])],
            input: before ? {} : later(version),
            env: { OTEL_PROPAGATORS: propagators, INSTRUMENT: instrumentations === 'with' ? '1' : '0' },
          };
        }),
      ),
    ),
  ),
  {
    name: 'with SDK 3 that is disabled',
    ...withSDK(3, { OTEL_SDK_DISABLED: 'true', INSTRUMENT: '1' }),
  },
  {
    name: 'with SDK 3 that propagates nothing',
    ...withSDK(3, { OTEL_PROPAGATORS: 'none', INSTRUMENT: '1' }),
  },
  {
    name: 'with SDK 3 and an older copy of the API for us',
    preload: [appModule(2, 'one-api'), appModule(3, 'start')],
    env: { OTEL_PROPAGATORS: 'tracecontext', INSTRUMENT: '1' },
  },
];

const OTHERS = 'user=alice%20b,tenant=t1;ttl=3';

/** What is wrong with a call, in words; nothing when the lane survived. */
function mistakesOf(id: string, { lane, active, arrivals }: Seen): string[] {
  const gray = !id.endsWith(', untagged');
  const expected = gray ? 'gray' : 'stable';
  const baggage = gray ? `graylane=gray,${OTHERS}` : OTHERS;
  const mistakes: string[] = [];
  const check = (what: string, is: unknown, should: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(should)) mistakes.push(`${id}: ${what} is ${JSON.stringify(is)}`);
  };
  check('the current lane', lane, expected);
  check("OpenTelemetry's member", active, gray ? 'gray' : undefined);
  if (arrivals.length === 0) mistakes.push(`${id}: nothing arrived`);
  for (const arrival of arrivals) {
    check('the serving lane', arrival.lane, expected);
    // Node joins lines with ", ".
    check(
      'baggage',
      arrival.baggage.map((line) => line.replaceAll(', ', ',')),
      [baggage],
    );
    check('the copy', arrival.copy, gray ? ['gray'] : []);
    check('the host', arrival.host, arrival.service);
    if (arrival.service === 'vault') check('the TLS server name', arrival.servername, 'vault');
  }
  return mistakes;
}

const mistakesIn = (calls: Calls): string[] => Object.entries(calls).flatMap(([id, seen]) => mistakesOf(id, seen));

const reports = new Map<string, SurvivalReport>();

beforeAll(async () => {
  const done = await inPairs(cells, (cell) => runProgram<SurvivalReport>('survival', cell));
  for (const [at, { name }] of cells.entries()) reports.set(name, done[at] as SurvivalReport);
}, 240_000);

describe.each(cells)('$name', ({ name }) => {
  const report = (): SurvivalReport => reports.get(name) as SurvivalReport;

  it('a lane goes through every server and every client to an instance of it', () => {
    // 3 servers, 2 kinds of request, 13 clients on hooks and 4 explicit ones with and without hooks.
    expect(Object.keys(report().clients)).toHaveLength(3 * 2 * (13 + 4 + 4));
    expect(mistakesIn(report().clients)).toEqual([]);
  });

  it('a call carries the lane from wherever in a handler it is made', () => {
    // 3 servers, 4 kinds of request, 12 moments.
    expect(Object.keys(report().moments)).toHaveLength(3 * 4 * 12);
    expect(mistakesIn(report().moments)).toEqual([]);
  });

  it('nothing of ours goes wrong', () => {
    expect(report().errors).toEqual([]);
  });
});
