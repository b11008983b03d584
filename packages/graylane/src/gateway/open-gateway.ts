import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type AdminAnswers,
  answerFor,
  createGateway,
  createMetrics,
  createRecent,
  type Gateway,
  type LiveOptions,
  openEdge,
  readAuthorities,
  readTLSFiles,
} from '@graylane/gateway';
import { openPolicy, openRegistry } from '@graylane/sources/open';
import type { Notice } from '../notices.ts';
import { type Changes, type Configuration, changesBetween, takeLive } from './configuration.ts';
import { describeListening } from './describe-listeners.ts';
import { resolveListeners } from './listeners.ts';
import { createRequestLog, type LogFormat } from './request-log.ts';

/** A gateway as its configuration file says, with what is asked of it while it runs. */
export interface OpenGateway {
  readonly gateway: Gateway;
  readonly answers: AdminAnswers;
  /** What is in force: of the last configuration that was applied, all that needs no restart. */
  readonly configuration: Configuration;
  /** Starts listening; resolves with where, and what is spoken there, for people. */
  listen(): Promise<string>;
  /**
   * Applies what of a configuration can be applied while it runs, or nothing of it.
   *
   * @throws GraylaneError `GL_CONFIG_INVALID` when keys or files that it names cannot be had
   */
  apply(configuration: Configuration): Promise<Changes>;
  /** Ends the gateway; see {@link Gateway.close}. */
  close(options?: Parameters<Gateway['close']>[0]): Promise<void>;
}

/**
 * Opens the sources that a configuration names, and a gateway on them.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when sources, keys, certificates or other files that it names cannot be had
 */
export async function openGateway(initial: Configuration, log: LogFormat, notice: Notice): Promise<OpenGateway> {
  let configuration = initial;
  const { config } = initial;
  const files = readFiles(initial); // before anything is open that would have to be closed
  const metrics = createMetrics({ services: () => servicesOf(configuration), process: true });
  const recent = createRecent();
  const edgeOf = ({ path, config: { edge } }: Configuration) => openEdge(edge, dirname(path), notice);
  let edge = await edgeOf(initial);
  const liveOptions = ({ config: { routes, trust, limits, timeouts, log: kept } }: Configuration): LiveOptions => {
    const write = createRequestLog(log, kept);
    return {
      ...(routes && { routes }),
      trust,
      limits,
      timeouts,
      edge: edge.duties,
      onExchange(exchange) {
        metrics.count(exchange);
        recent.add(exchange);
        write(exchange);
      },
    };
  };
  const { limits, picks, listen } = config;
  const sources = await openSources(initial, notice);
  const gateway = createGateway({ ...liveOptions(initial), ...sources, ...files, limits, picks });
  metrics.follow(gateway);
  const about = () => ({
    configuration: { file: configuration.path, revision: configuration.revision },
  });
  return {
    gateway,
    answers: answerFor({ gateway, metrics, recent, about }),
    get configuration() {
      return configuration;
    },
    async listen() {
      if (listen) await gateway.listen(listen.port, listen.host, { reusePort: listen.reusePort ?? false });
      else await gateway.listen();
      return describeListening(config, gateway.addresses()).join('\n         ');
    },
    async apply(next) {
      const changes = changesBetween(configuration.config, next.config);
      const before = edge;
      if (!isDeepStrictEqual(configuration.config.edge, next.config.edge)) edge = await edgeOf(next);
      configuration = { ...next, config: takeLive(configuration.config, next.config) };
      if (changes.live.length > 0) gateway.reconfigure(liveOptions(configuration));
      if (edge !== before) before.close();
      return changes;
    },
    async close(options) {
      await gateway.close(options);
      edge.close();
    },
  };
}

/** What of the files that a configuration names is read once. Those of listeners are looked at here and followed by them. */
function readFiles({ path, config: { listeners, instanceCA } }: Configuration) {
  const directory = dirname(path);
  const resolved = resolveListeners(directory, listeners);
  for (const { tls } of resolved) if (tls) readTLSFiles(tls);
  return {
    listeners: resolved,
    ...(instanceCA !== undefined && { instanceCA: readAuthorities(resolve(directory, instanceCA)) }),
  };
}

async function openSources({ path, config }: Configuration, notice: Notice) {
  const directory = dirname(path);
  const { stateDirectory } = config;
  const token = process.env.GRAYLANE_REGISTRY_TOKEN;
  const kept = {
    onError: notice,
    ...(stateDirectory !== undefined && { stateDirectory: resolve(directory, stateDirectory) }),
  };
  const policy = await openPolicy(below(directory, config.policy), kept);
  const registry = await openRegistry(below(directory, config.registry), {
    ...kept,
    ...(token !== undefined && { token }),
  });
  return { policy, registry };
}

/** A source as a URL; a path is below the directory of the configuration. */
export function below(directory: string, source: string): string {
  const [, path] = /^(?:file:(?:\/\/)?)?(?![a-z][a-z0-9+]+:)(.+)$/i.exec(source) ?? [];
  return path === undefined ? source : `file:${resolve(directory, path)}`;
}

const services = new WeakMap<Configuration, ReadonlySet<string>>();

function servicesOf(configuration: Configuration): ReadonlySet<string> {
  let known = services.get(configuration);
  if (!known) {
    known = new Set(configuration.config.routes?.map(({ service }) => service.toLowerCase()));
    services.set(configuration, known);
  }
  return known;
}
