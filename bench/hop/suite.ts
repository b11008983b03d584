import { build } from '../build.ts';
import { createGenerator } from '../load/generator.ts';
import { startScript } from '../load/processes.ts';
import { type Contender, type Round, takeRounds } from '../load/rounds.ts';
import { ratioOf, tableOf } from '../load/table.ts';
import type { UpstreamPorts } from '../load/upstream.ts';
import { CORES, canAccount } from '../machine.ts';
import type { Goal, Report } from '../report.ts';
import { isAsked, type Suite, type SuiteOptions } from '../suite.ts';
import { checkFor } from './checks.ts';
import { CLIENTS, type ClientName } from './clients.ts';
import { MODES, type Mode } from './modes.ts';
import { requestsOfHop } from './traffic.ts';

const CONNECTIONS = 32;

/** CPU of a request in a service that calls another service, with nothing in it, with our hooks, with OpenTelemetry. */
export const hop: Suite = {
  name: 'hop',
  summary: 'CPU of a request in a service that calls another: no hooks, our hooks, OpenTelemetry, both',
  run,
};

async function run(options: SuiteOptions): Promise<Report> {
  if (!canAccount)
    return { suite: 'hop', tables: [], notes: ['skipped: CPU time is read from /proc, which Linux has'], goals: [] };
  const built = build();
  const generator = createGenerator();
  const upstream = await startScript<UpstreamPorts>(new URL('../load/upstream.ts', import.meta.url), [], {
    core: CORES?.others,
  });
  try {
    const tables = [];
    const goals: Goal[] = [];
    const notes = [`generator: ${generator.name}, ${CONNECTIONS} connections`, ...built];
    for (const client of CLIENTS.filter((name) => isAsked(name, options))) {
      const contenders = MODES.map((mode) => contenderFor(mode, client, upstream.ready, options.profile));
      const load = { requests: requestsOfHop(), connections: CONNECTIONS };
      const series = { name: `hop ${client}`, contenders, generator, load, beside: [upstream] };
      const taken = await takeRounds(series, options);
      tables.push(tableOf(`one call out by ${client}`, taken.rounds, 'no hooks'));
      goals.push(...goalsOf(client, taken.rounds));
      notes.push(...taken.notes);
    }
    return { suite: 'hop', tables, notes, goals };
  } finally {
    await upstream.stop();
  }
}

function contenderFor(mode: Mode, client: ClientName, ports: UpstreamPorts, profile: string | undefined): Contender {
  return {
    name: mode,
    async start() {
      const args = [mode, client, String(ports.stable), String(ports.gray)];
      const directory = profile && `${profile}/${mode}, ${client}`.replaceAll(' ', '-');
      const placement = { core: CORES?.measured, profile: directory };
      const { pid, ready, stop } = await startScript<number>(new URL('service.ts', import.meta.url), args, placement);
      return { pid, port: ready, stop };
    },
    check: checkFor(mode),
  };
}

function goalsOf(client: ClientName, rounds: readonly Round[]): Goal[] {
  const direct = client === 'node:http' || client === 'undici.request';
  return [
    { name: `${client}: our hooks / none`, reached: ratioOf(rounds, 'graylane', 'no hooks'), must: 1.15, goal: 1.05 },
    {
      name: `${client}: our hooks / OpenTelemetry, propagation only`,
      reached: ratioOf(rounds, 'graylane', 'OpenTelemetry'),
      ...(direct ? { must: 0.75, goal: 0.55 } : { must: 0.85 }),
    },
    {
      name: `${client}: both / OpenTelemetry`,
      reached: ratioOf(rounds, 'OpenTelemetry and graylane', 'OpenTelemetry'),
      must: 1.05,
      goal: 1.02,
    },
  ];
}
