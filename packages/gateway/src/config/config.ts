import { GraylaneError, openDocument, type Value } from '@graylane/core';
import { GATEWAY_LIMITS, type GatewayLimits } from '../gateway.ts';
import type { ListenOptions } from '../inbound/listener.ts';
import type { Route } from '../routes.ts';
import type { Trust } from '../trust.ts';
import { UPSTREAM_TIMEOUTS, type UpstreamTimeouts } from '../upstream.ts';
import { type ListenAddress, readAddress } from './address.ts';
import { EDGE_FIELDS, type EdgeConfig, readEdge } from './edge.ts';
import { type ListenConfig, readListen } from './listen.ts';
import { readListeners } from './listeners.ts';
import { type LogConfig, readLog } from './log.ts';
import { readNetworks } from './networks.ts';
import { readNumbers } from './numbers.ts';
import { type PicksConfig, readPicks } from './picks.ts';
import { readRoutes } from './routes.ts';
import { readWorkers, type WorkerCount } from './workers.ts';

/** The gateway's own configuration, as its file has it. */
export interface GatewayConfig {
  /** `8080` or `0.0.0.0:8080`, for HTTP/1.1 without TLS. Default 127.0.0.1:8080; nowhere where there are `listeners`. */
  readonly listen?: ListenConfig;
  /** Where else it listens, and how it speaks there. Default: nowhere. */
  readonly listeners?: readonly ListenOptions[];
  /** For probes and status. Default: not served. */
  readonly admin?: ListenAddress;
  /** Where instances come from: `http://127.0.0.1:8700`, `file:instances.yaml`. */
  readonly registry: string;
  /** The policy's file. */
  readonly policy: string;
  /** Where the last good instances and policy are kept. Default: nowhere. */
  readonly stateDirectory?: string;
  /** Default: the host's name is the service. */
  readonly routes?: readonly Route[];
  /** A PEM file of the authorities that sign the certificates of instances. Default: those of Node. */
  readonly instanceCA?: string;
  readonly trust: Trust;
  readonly limits: GatewayLimits;
  readonly timeouts: UpstreamTimeouts;
  /** How instances are picked and ejected. */
  readonly picks: PicksConfig;
  /** What the access log keeps. */
  readonly log: LogConfig;
  /** How many processes share the work. Default 1. */
  readonly workers: WorkerCount;
  /** What it does at the edge beside deciding by rules. */
  readonly edge: EdgeConfig;
}

const ROOT_FIELDS = [
  'listen',
  'listeners',
  'admin',
  'registry',
  'policy',
  'stateDirectory',
  'routes',
  'instanceCA',
  'trust',
  'limits',
  'timeouts',
  'picks',
  'log',
  'workers',
  ...EDGE_FIELDS,
] as const;

const USUAL_ADDRESS: ListenConfig = { host: '127.0.0.1', port: 8080 };

/**
 * Reads a gateway's configuration from YAML or JSON text, or from the value of one.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake, each with its path and what to do
 */
export function parseGatewayConfig(input: unknown): GatewayConfig {
  const { root, issues } = openDocument(input);
  const config = root && readConfig(root);
  if (config && issues.length === 0) return config;
  throw new GraylaneError('GL_CONFIG_INVALID', "The gateway's configuration has mistakes:", { issues });
}

function readConfig(root: Value): GatewayConfig | undefined {
  const fields = root.fields(ROOT_FIELDS);
  if (!fields) return undefined;
  const registry = root.at('registry').text();
  const policy = root.at('policy').text();
  const listen = fields.listen ? readListen(fields.listen) : fields.listeners ? undefined : USUAL_ADDRESS;
  const listeners = fields.listeners && readListeners(fields.listeners, listen && [listen]);
  const admin = fields.admin && readAddress(fields.admin);
  const stateDirectory = fields.stateDirectory?.text();
  const routes = fields.routes && readRoutes(fields.routes);
  const instanceCA = fields.instanceCA?.text();
  const trust = readTrust(fields.trust);
  const limits = readNumbers(fields.limits, GATEWAY_LIMITS);
  if (limits.headersMs > limits.requestMs)
    root
      .at('limits')
      .fail(`headersMs (${limits.headersMs}) must not be more than requestMs (${limits.requestMs}), which contains it`);
  const timeouts = readNumbers(fields.timeouts, UPSTREAM_TIMEOUTS);
  const picks = readPicks(fields.picks);
  const log = readLog(fields.log);
  const workers = readWorkers(fields.workers);
  const edge = readEdge(fields);
  if ([listen, ...(listeners ?? [])].some((each) => each?.reusePort) && workers !== 1)
    root.at('workers').fail('share one socket already: leave reusePort out');
  if (registry === undefined || policy === undefined) return undefined;
  return {
    registry,
    policy,
    trust,
    limits,
    timeouts,
    picks,
    log,
    workers,
    edge,
    ...(listen && { listen }),
    ...(listeners && { listeners }),
    ...(admin && { admin }),
    ...(stateDirectory !== undefined && { stateDirectory }),
    ...(routes && { routes }),
    ...(instanceCA !== undefined && { instanceCA }),
  };
}

function readTrust(value: Value | undefined): Trust {
  const fields = value?.fields(['lanes', 'proxies']);
  return { lanes: readNetworks(fields?.lanes), proxies: readNetworks(fields?.proxies) };
}
