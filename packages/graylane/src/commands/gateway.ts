import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import {
  createAdminServer,
  createGateway,
  type ExchangeRecord,
  type Gateway,
  type GatewayConfig,
  type LogConfig,
  parseGatewayConfig,
} from '@graylane/gateway';
import { openPolicy, openRegistry } from '@graylane/sources/open';
import { type Command, Option } from 'commander';
import { exchangeLine, formatExchange } from '../access-log.ts';
import { unreadable } from '../failure.ts';
import type { Notice } from '../notices.ts';
import { untilSignal } from '../signals.ts';
import { milliseconds, urlOf } from './options.ts';

interface Options {
  readonly config: string;
  readonly log: 'json' | 'text' | 'none';
  readonly drain: number;
}

export function addGateway(program: Command, notice: Notice): void {
  program
    .command('gateway')
    .summary('run a gateway from a configuration file')
    .description('Runs a gateway. SIGTERM and SIGINT drain it: it is not ready any more, then ends what is under way.')
    .requiredOption('-c, --config <file>', 'the configuration, YAML or JSON')
    .addOption(
      new Option('--log <format>', 'how each request is shown').choices(['json', 'text', 'none']).default('json'),
    )
    .option('--drain <ms>', 'how long it is not ready before it stops listening', milliseconds, 2_000)
    .addHelpText(
      'after',
      `
The configuration, with what is assumed; paths are relative to it:
  listen: 127.0.0.1:8080
  admin: 127.0.0.1:8081              # /healthz, /readyz, /status; without it they are not served
  registry: http://127.0.0.1:8700    # or file:instances.yaml; needed
  policy: policy.yaml                # needed
  stateDirectory: state              # keeps the last good ones; without it nothing is kept
  routes:                            # without them the host is the service
    - { host: shop.example.com, path: /, service: storefront }
  trust: { lanes: [10.0.0.0/8], proxies: [10.0.0.0/8] }   # nobody, unless it is said
  limits: { headerBytes: 32768, bodyBytes: 104857600, headersMs: 15000, requestMs: 300000 }
  timeouts: { connectMs: 2000, answerMs: 60000, idleMs: 300000 }   # a route may have its own, and bodyBytes
  log: { sample: 1, headers: [], cookies: [] }    # headers and cookies to keep; failures are logged always

The token of a registry that wants one comes from the environment: GRAYLANE_REGISTRY_TOKEN.`,
    )
    .action((options: Options) => run(options, notice));
}

async function run({ config: path, log, drain }: Options, notice: Notice): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw unreadable(path, error);
  });
  const config = parseGatewayConfig(text);
  const gateway = await openGateway(config, dirname(path), log, notice);
  const probes = config.admin && createAdminServer(gateway);
  let drainMs = 0;
  try {
    const adminURL = probes && (await listen(probes, config.admin));
    const gatewayURL = urlOf(await gateway.listen(config.listen.port, config.listen.host));
    const asked = untilSignal();
    console.error(`gateway  ${gatewayURL}${adminURL ? `\nadmin    ${adminURL}` : ''}`);
    const signal = await asked;
    console.error(`${signal}: draining for ${drain} ms; once more to end at once`);
    drainMs = drain;
  } finally {
    await gateway.close({ drainMs });
    probes?.close();
    probes?.closeAllConnections();
  }
}

async function openGateway(
  config: GatewayConfig,
  directory: string,
  log: Options['log'],
  notice: Notice,
): Promise<Gateway> {
  const { routes, trust, limits, timeouts, stateDirectory } = config;
  const below = (source: string): string => {
    const [, path] = /^(?:file:(?:\/\/)?)?(?![a-z][a-z0-9+]+:)(.+)$/i.exec(source) ?? [];
    return path === undefined ? source : `file:${resolve(directory, path)}`;
  };
  const token = process.env.GRAYLANE_REGISTRY_TOKEN;
  const kept = {
    onError: notice,
    ...(stateDirectory !== undefined && { stateDirectory: resolve(directory, stateDirectory) }),
  };
  const write = logger(log, config.log);
  const policy = await openPolicy(below(config.policy), kept);
  const registry = await openRegistry(below(config.registry), { ...kept, ...(token !== undefined && { token }) });
  return createGateway({
    registry,
    policy,
    trust,
    limits,
    timeouts,
    ...(routes && { routes }),
    ...(write && { onExchange: write }),
  });
}

/** Logs requests: a sample of those that went well, and all others. */
function logger(format: Options['log'], config: LogConfig): ((exchange: ExchangeRecord) => void) | undefined {
  if (format === 'none') return undefined;
  const lineOf = format === 'json' ? (exchange: ExchangeRecord) => exchangeLine(exchange, config) : formatExchange;
  return (exchange) => {
    const wentWell = exchange.error === undefined && exchange.status < 500;
    if (!wentWell || Math.random() < config.sample) console.log(lineOf(exchange));
  };
}

async function listen(server: Server, at: GatewayConfig['admin']): Promise<string> {
  server.listen(at?.port, at?.host);
  await once(server, 'listening');
  return urlOf(server.address() as AddressInfo);
}
