import cluster from 'node:cluster';
import { type Command, Option } from 'commander';
import { checkConfiguration } from '../gateway/check-configuration.ts';
import { readConfiguration } from '../gateway/configuration.ts';
import type { LogFormat } from '../gateway/request-log.ts';
import { runPrimary } from '../gateway/run-primary.ts';
import { runSingle } from '../gateway/run-single.ts';
import { runWorker } from '../gateway/worker.ts';
import type { Notice } from '../notices.ts';
import { milliseconds } from './options.ts';

interface Options {
  readonly config: string;
  readonly check?: boolean;
  readonly log: LogFormat;
  readonly drain: number;
}

export function addGateway(program: Command, notice: Notice): void {
  program
    .command('gateway')
    .summary('run a gateway from a configuration file')
    .description(
      'Runs a gateway. The file is read again when it changes and on SIGHUP. SIGTERM and SIGINT drain: it is not ready any ' +
        'more, then ends what is under way. With workers, SIGUSR2 replaces them all and refuses no connection.',
    )
    .requiredOption('-c, --config <file>', 'the configuration, YAML or JSON')
    .option('--check', 'only say whether the configuration is good, and what it would do')
    .addOption(
      new Option('--log <format>', 'how each request is shown').choices(['json', 'text', 'none']).default('json'),
    )
    .option('--drain <ms>', 'how long it is not ready before it stops listening', milliseconds, 2_000)
    .addHelpText(
      'after',
      `
The configuration, with what is assumed where a field is left out; paths are relative to it.
docs/reference/gateway.md has every field.
  listen: 127.0.0.1:8080             # or { address: 8080, reusePort: true } for the next one beside it
  listeners:                         # where else; with these, listen is only where it is said
    - address: 0.0.0.0:8443
      tls: { certificates: [{ cert: shop.crt, key: shop.key }], minVersion: TLSv1.2, handshakeMs: 10000 }
        # beside them clientCA: clients.pem, clientOptional: false
      http2: true                    # with TLS; else false
      proxyProtocol: { from: [10.0.0.0/8] }    # nobody, unless it is said
      limits: { connections: 10000, streams: 100, idleMs: 65000, probeMs: 10000, resets: 200,
        resetsPerSecond: 33 }        # also connectionsPerAddress and bodyBytesPerSecond: none
      reusePort: false
  admin: 127.0.0.1:8081              # /readyz, /status, /metrics, /explain, …; without it none is served
  registry: http://127.0.0.1:8700    # or file:instances.yaml; needed
  policy: policy.yaml                # needed
  stateDirectory: state              # keeps the last good ones; without it nothing is kept
  workers: 1                         # processes that share the work; auto is one for each processor
  routes:                            # without them the host is the service
    - { host: shop.example.com, path: /, service: storefront }   # also answerMs and bodyBytes of its own
  instanceCA: instances.pem          # who signs for instances that speak https or h2; else those of Node
  trust: { lanes: [10.0.0.0/8], proxies: [10.0.0.0/8] }   # nobody, unless it is said
  limits: { headerBytes: 32768, bodyBytes: 104857600, headersMs: 15000, requestMs: 300000 }
  timeouts: { connectMs: 2000, answerMs: 60000, idleMs: 300000 }
  picks: { balance: p2c, stableMode: unlabelled, settleMs: 1000, slowStartMs: 0, maxEjectedShare: 0.5,
    ejection: { timeouts: 3, baseMs: 5000, maxMs: 60000 } }
  log: { sample: 1, headers: [], cookies: [] }    # headers and cookies to keep; failures are always

At the edge, each only where it is said:
  passes: { keys: [{ file: pass.key }], maxLifetimeSeconds: 2592000 }   # keys also by env or text
  pin: { cookie: graylane-pin, maxAgeSeconds: 2592000 }                 # keeps users in their lane
  token: { keys: { url: https://id.example.com/jwks.json }, required: false }
    # keys also by file or secret; also from, algorithms, issuer, audience, clockToleranceSeconds: 30,
    # rememberSeconds: 300, fetch: { timeoutMs: 2000, cooldownSeconds: 30, maxAgeSeconds: 600 }
  geo: { file: city.mmdb, language: en, headers: { country: x-country } }   # also region and city
  mirror: { rules: [{ to: gray, share: 5, from: [stable], unsafe: false }], bodyBytes: 65536,
    concurrent: 50, answerMs: 10000 }            # a rule may name services

Tokens come from the environment: GRAYLANE_REGISTRY_TOKEN for a registry that wants one,
GRAYLANE_ADMIN_TOKEN for what the admin listener wants to be shown.`,
    )
    .action((options: Options) => run(options, notice));
}

async function run({ config, check, log, drain }: Options, notice: Notice): Promise<void> {
  if (cluster.isWorker) return runWorker();
  if (check) return console.log(await checkConfiguration(config));
  const configuration = await readConfiguration(config);
  const runIt = configuration.config.workers === 1 ? runSingle : runPrimary;
  await runIt(configuration, { log, drainMs: drain }, notice);
}
