import { styleText } from 'node:util';
import { authorityOf, type Instance, STABLE } from '@graylane/core';
import type { Command } from 'commander';
import { readRegistry } from '../read-once.ts';
import { formatTable } from '../table.ts';

interface Options {
  readonly registry: string;
  readonly json?: boolean;
}

export function addInstances(program: Command): void {
  program
    .command('instances')
    .summary('list what a registry knows')
    .description('Lists the instances that a registry knows, of one service or of all. Status 1 when there is none.')
    .argument('[service]', 'list only its instances')
    .option('-r, --registry <url>', 'http://HOST:PORT or file:PATH', 'http://127.0.0.1:8700')
    .option('--json', 'print a list of instances')
    .addHelpText(
      'after',
      `
The token of a registry that wants one comes from the environment: GRAYLANE_REGISTRY_TOKEN.

Example:
  graylane instances cart --registry http://10.0.0.5:8700`,
    )
    .action(run);
}

async function run(service: string | undefined, { registry: url, json }: Options): Promise<void> {
  const { name, services } = await readRegistry(url);
  const wanted = service === undefined ? [...services.values()].flat() : (services.get(service) ?? []);
  const instances = wanted.toSorted((a, b) => compare(orderOf(a), orderOf(b)));
  if (json) console.log(JSON.stringify(instances, null, 2));
  else if (instances.length > 0) console.log(formatInstances(instances));
  if (instances.length > 0) return;
  process.exitCode = 1;
  const others = [...services].filter(([, list]) => list.length > 0).map(([other]) => other);
  const known = others.length === 0 ? '' : `; it knows ${others.toSorted().join(', ')}`;
  console.error(`${name} knows no instance${service === undefined ? '' : ` of ${service}`}${known}.`);
}

function formatInstances(instances: readonly Instance[]): string {
  const zones = instances.some(({ zone }) => zone !== '');
  const head = ['service', 'lane', 'address', 'state', 'weight', ...(zones ? ['zone'] : [])];
  return formatTable(
    head,
    instances.map((instance) => {
      const { service, lane, state, weight, zone } = instance;
      const shownState = state === 'ready' ? state : styleText('yellow', state);
      const shownLane = lane === STABLE ? lane : styleText('cyan', lane);
      return [service, shownLane, authorityOf(instance), shownState, String(weight), ...(zones ? [zone] : [])];
    }),
  );
}

/** By service, stable before other lanes, then by address. */
function orderOf(instance: Instance): string {
  const { service, lane } = instance;
  return [service, lane === STABLE ? '' : lane, authorityOf(instance)].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
