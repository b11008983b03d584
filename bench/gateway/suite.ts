import { createGenerator } from '../load/generator.ts';
import { startScript } from '../load/processes.ts';
import { type Round, takeRounds } from '../load/rounds.ts';
import { ratioOf, tableOf } from '../load/table.ts';
import type { UpstreamPorts } from '../load/upstream.ts';
import { CORES, canAccount } from '../machine.ts';
import type { Goal, Report } from '../report.ts';
import { median } from '../statistics.ts';
import type { Suite, SuiteOptions } from '../suite.ts';
import { BASE, contendersFor, OURS, WITHOUT_RULES } from './contenders.ts';
import { requestsTo } from './traffic.ts';

const CONNECTIONS = 64;

/** CPU of a request through our gateway, rules and all, against proxies that only pass on. */
export const gateway: Suite = {
  name: 'gateway',
  summary: 'CPU of a request through the gateway, against fast-proxy, reply-from, http-proxy and nginx',
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
  const generator = createGenerator();
  const upstream = await startScript<UpstreamPorts>(new URL('../load/upstream.ts', import.meta.url), [], {
    core: CORES?.others,
  });
  try {
    const { contenders, notes } = contendersFor(upstream.ready, options.profile);
    const base = contenders.find(({ name }) => name.includes(options.base ?? BASE))?.name;
    if (base === undefined) throw new Error(`--base ${options.base}: nothing that can be measured here is called so`);
    const chosen = contenders.filter(
      ({ name }) => options.only === undefined || name === base || name.includes(options.only),
    );
    const take = (path: string) =>
      takeRounds(
        {
          name: `gateway ${path}`,
          contenders: chosen,
          generator,
          load: { requests: requestsTo(path), connections: CONNECTIONS },
          beside: [upstream],
        },
        options,
      );
    const small = await take('/small');
    const large = options.quick ? { rounds: [], notes: [] } : await take('/large');
    const tables = [tableOf('GET, 101 bytes answered', small.rounds, base)];
    if (large.rounds.length > 0) tables.push(tableOf('GET, 64 KiB answered', large.rounds, base));
    return {
      suite: 'gateway',
      tables,
      notes: [`generator: ${generator.name}, ${CONNECTIONS} connections`, ...notes, ...small.notes, ...large.notes],
      goals: goalsOf(small.rounds, large.rounds),
    };
  } finally {
    await upstream.stop();
  }
}

function goalsOf(small: readonly Round[], large: readonly Round[]): Goal[] {
  const resident = (name: string): number => median(small.flatMap((round) => round.samples.get(name)?.resident ?? []));
  const memory = resident(OURS) / resident('@fastify/reply-from');
  const against = (other: string, rounds = small): number | undefined => ratioOf(rounds, OURS, other);
  return [
    { name: 'small / fast-proxy (undici)', reached: against(BASE), must: 0.9, goal: 0.65 },
    { name: 'small / http-proxy', reached: against('http-proxy'), must: 0.45 },
    { name: 'small / nginx that decides nothing (2.0 x nginx with Lua)', reached: against('nginx'), goal: 2.5 },
    { name: '64 KiB / @fastify/reply-from', reached: against('@fastify/reply-from', large), must: 0.9 },
    { name: '64 KiB / nginx', reached: against('nginx', large), goal: 1.4 },
    { name: 'rules on / rules off', reached: against(WITHOUT_RULES), must: 1.05, goal: 1.02 },
    { name: 'memory / @fastify/reply-from', reached: Number.isNaN(memory) ? undefined : memory, must: 1, goal: 0.7 },
  ];
}
