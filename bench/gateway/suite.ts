import { build } from '../build.ts';
import { createGenerator } from '../load/generator.ts';
import { startScript } from '../load/processes.ts';
import { type Contender, type Round, takeRounds } from '../load/rounds.ts';
import { ratioOf, tableOf } from '../load/table.ts';
import type { UpstreamPorts } from '../load/upstream.ts';
import { CORES, canAccount } from '../machine.ts';
import type { Goal, Report } from '../report.ts';
import { median } from '../statistics.ts';
import { isAsked, type Suite, type SuiteOptions } from '../suite.ts';
import { BASE, contendersFor, LUA, OURS, WITHOUT_RULES } from './contenders.ts';
import { requestsTo } from './traffic.ts';

const CONNECTIONS = 64;

/** CPU of a request through our gateway, rules and all, against proxies that only pass on, and servers with the same rules. */
export const gateway: Suite = {
  name: 'gateway',
  summary: 'CPU of a request through the gateway, against proxies for Node, nginx and haproxy',
  run,
};

async function run(options: SuiteOptions): Promise<Report> {
  if (!canAccount)
    return {
      suite: 'gateway',
      tables: [],
      notes: ['skipped: CPU time is read from /proc, which Linux has'],
      goals: [],
    };
  options.progress('gateway: build');
  const built = build();
  const generator = createGenerator();
  const upstream = await startScript<UpstreamPorts>(new URL('../load/upstream.ts', import.meta.url), [], {
    core: CORES?.others,
  });
  try {
    const { contenders, notes } = contendersFor(upstream.ready, options.profile);
    const wanted = options.base ?? BASE;
    const base = (
      contenders.find(({ name }) => name === wanted) ?? contenders.find(({ name }) => name.includes(wanted))
    )?.name;
    if (base === undefined) throw new Error(`--base ${options.base}: nothing that can be measured here is called so`);
    const chosen = contenders.filter(({ name }) => name === base || isAsked(name, options));
    // What rules cost shows best where answers are small.
    const withRules = chosen.filter(({ name }) => name !== WITHOUT_RULES || name === base);
    const take = (path: string, contenders: readonly Contender[]) =>
      takeRounds(
        {
          name: `gateway ${path}`,
          contenders,
          generator,
          load: { requests: requestsTo(path), connections: CONNECTIONS },
          beside: [upstream],
        },
        options,
      );
    const small = await take('/small', chosen);
    const large = options.quick ? { rounds: [], notes: [] } : await take('/large', withRules);
    const tables = [tableOf('GET, 101 bytes answered', small.rounds, base)];
    if (large.rounds.length > 0) tables.push(tableOf('GET, 64 KiB answered', large.rounds, base));
    return {
      suite: 'gateway',
      tables,
      notes: [
        `generator: ${generator.name}, ${CONNECTIONS} connections`,
        ...built,
        ...notes,
        ...small.notes,
        ...large.notes,
      ],
      goals: goalsOf(small.rounds, large.rounds),
    };
  } finally {
    await upstream.stop();
  }
}

function goalsOf(small: readonly Round[], large: readonly Round[]): Goal[] {
  const against = (other: string, rounds = small): number | undefined => ratioOf(rounds, OURS, other);
  return [
    { name: 'small / fast-proxy (undici)', reached: against(BASE), must: 0.65 },
    { name: 'small / nginx with Lua', reached: against(LUA), must: 2 },
    { name: '64 KiB / nginx', reached: against('nginx', large), must: 1.4 },
    { name: 'rules on / rules off', reached: against(WITHOUT_RULES), must: 1.03 },
    { name: 'resident memory under load, MB', reached: residentOf([small, large], OURS), must: 110 },
  ];
}

/** The median of that series in which a contender held the most memory. Undefined when it was not measured. */
function residentOf(series: readonly (readonly Round[])[], name: string): number | undefined {
  const medians = series
    .map((rounds) => median(rounds.flatMap(({ samples }) => samples.get(name)?.resident ?? [])))
    .filter((megabytes) => !Number.isNaN(megabytes));
  return medians.length === 0 ? undefined : Math.max(...medians);
}
