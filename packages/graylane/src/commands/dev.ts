import { type CompiledPolicy, isGraylaneError } from '@graylane/core';
import type { Route } from '@graylane/gateway';
import type { Command } from 'commander';
import { exchangeLine, formatExchange } from '../access-log.ts';
import { startDev } from '../dev.ts';
import type { Notice } from '../notices.ts';
import { untilSignal } from '../signals.ts';
import { port, route } from './options.ts';

interface Options {
  readonly policy: string;
  readonly host: string;
  readonly port: number;
  readonly registryPort: number;
  readonly route?: readonly Route[];
  readonly json?: boolean;
}

export function addDev(program: Command, notice: Notice): void {
  program
    .command('dev')
    .summary('run a gateway and a registry from one policy file')
    .description('Runs a registry and a gateway in one process, follows a policy file, and shows each request.')
    .requiredOption('-p, --policy <file>', 'the policy; it is read again whenever it changes')
    .option('--host <address>', 'where both listen', '127.0.0.1')
    .option('--port <port>', "the gateway's port", port, 8080)
    .option('--registry-port <port>', "the registry's port", port, 8700)
    .option('-r, --route <route>', '[HOST][/PATH]=SERVICE, may be repeated (default: the host is the service)', route)
    .option('--json', 'show each request as a line of JSON')
    .addHelpText(
      'after',
      `
Services register themselves:
  createRouter({ service: 'cart', registry: httpRegistry({ url: 'http://127.0.0.1:8700' }) })

Example:
  graylane dev --policy policy.yaml --route /=storefront
  curl -H "x-tester: 1" http://127.0.0.1:8080/`,
    )
    .action((options: Options) => run(options, notice));
}

async function run(options: Options, notice: Notice): Promise<void> {
  const { route: routes, json, ...rest } = options;
  const format = json ? exchangeLine : formatExchange;
  let inForce = '';
  const dev = await startDev({
    ...rest,
    ...(routes && { routes }),
    onPolicy: (policy) => {
      inForce = policy.revision;
      console.error(formatPolicy(options.policy, policy));
    },
    onExchange: (exchange) => console.log(format(exchange)),
    onError: (error) => {
      notice(error);
      if (isGraylaneError(error, 'GL_POLICY_INVALID')) console.error(`Revision ${inForce} stays in force.`);
    },
  });
  const asked = untilSignal();
  console.error(`gateway   ${dev.gatewayURL}\nregistry  ${dev.registryURL}\nroutes    ${formatRoutes(routes)}`);
  await asked;
  await dev.close();
}

function formatPolicy(file: string, { policy, revision }: CompiledPolicy): string {
  const rules = policy.rules.length === 1 ? '1 rule' : `${policy.rules.length} rules`;
  return `policy    ${file}, ${rules}, revision ${revision}`;
}

function formatRoutes(routes: readonly Route[] | undefined): string {
  if (!routes) return 'the host is the service: http://cart/ goes to cart';
  return routes.map(({ host = '*', path = '/', service }) => `${host}${path} → ${service}`).join('\n          ');
}
