import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRouter, type RouterOptions } from '@graylane/node';
import type { PolicySource, Registry } from '@graylane/sources';
import type { ExchangeRecord } from './record.ts';
import { type GatewayParts, handleRequest } from './request.ts';
import { createRouteTable, type Route, routeByHost } from './routes.ts';
import type { Trust } from './trust.ts';
import { UnderWay } from './under-way.ts';
import { undiciUpstream } from './undici-upstream.ts';
import { UPSTREAM_TIMEOUTS, type Upstream, type UpstreamTimeouts } from './upstream.ts';
import { Via } from './via.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  /** Where instances come from. Closed with the gateway. */
  readonly registry: Registry;
  /** Where the rules come from. Closed with the gateway. */
  readonly policy: PolicySource;
  /** Default: the host's name is the service. */
  readonly routes?: readonly Route[];
  /** Default: nobody is trusted. */
  readonly trust?: Partial<Trust>;
  readonly limits?: Partial<GatewayLimits>;
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** How instances are picked and ejected. */
  readonly picks?: Pick<
    RouterOptions,
    'balance' | 'ejection' | 'maxEjectedShare' | 'settleMs' | 'stableMode' | 'random'
  >;
  /** Called after each request. Default: nothing. */
  readonly onExchange?: (exchange: ExchangeRecord) => void;
  /** What sends requests to instances. Default: undici. */
  readonly upstream?: Upstream;
}

/** What the gateway refuses. */
export interface GatewayLimits {
  /** All headers of a request together, in bytes: more is answered with 431. Default 32,768. */
  readonly headerBytes: number;
  /** A request's body, in bytes: more is answered with 413. Default 100 MiB. */
  readonly bodyBytes: number;
  /** Milliseconds for a client to send the headers, and for the whole request. Default 15,000 and 300,000. */
  readonly headersMs: number;
  readonly requestMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  headerBytes: 32_768,
  bodyBytes: 100 * 1024 * 1024,
  headersMs: 15_000,
  requestMs: 300_000,
};

/** How a gateway is, for probes and people. */
export interface GatewayStatus {
  /** Whether it should get requests. */
  readonly ready: boolean;
  readonly draining: boolean;
  readonly registry: ReturnType<Registry['status']>;
  readonly policy: ReturnType<PolicySource['status']>;
}

/** A running gateway. */
export interface Gateway {
  /** The underlying server, to be used by tests and by those who need its events. */
  readonly server: Server;
  /** Starts listening once instances and a policy are known. Resolves with the address. */
  listen(port: number, host?: string): Promise<AddressInfo>;
  status(): GatewayStatus;
  /**
   * Says that it is not ready, waits until load balancers have seen it, stops listening, and lets requests under way end.
   *
   * @param drainMs milliseconds to wait before it stops listening; default 0
   * @param graceMs milliseconds that requests under way may take; default 30,000
   */
  close(options?: { drainMs?: number; graceMs?: number }): Promise<void>;
}

/** Creates a gateway; it does nothing before `listen`. */
export function createGateway(options: GatewayOptions): Gateway {
  const limits = { ...GATEWAY_LIMITS, ...options.limits };
  const router = createRouter({
    service: 'gateway',
    registry: options.registry,
    policy: options.policy,
    ...options.picks,
  });
  const upstream = options.upstream ?? undiciUpstream({ ...UPSTREAM_TIMEOUTS, ...options.timeouts });
  const parts: GatewayParts = {
    routes: options.routes ? createRouteTable(options.routes) : routeByHost,
    router,
    policy: () => options.policy.current(),
    trust: { lanes: [], proxies: [], ...options.trust },
    via: new Via(),
    upstream,
    bodyLimit: limits.bodyBytes,
    onExchange: options.onExchange ?? (() => {}),
  };
  let draining = false;
  const underWay = new UnderWay();
  const server = createServer(serverOptions(limits));
  server.maxHeadersCount = 0; // their bytes are limited, and older Nodes leave out the rest without a word
  const serve: RequestListener = (request, response) => {
    underWay.add(response);
    handleRequest(parts, request, response);
  };
  server.on('request', serve).on('checkContinue', serve);

  return {
    server,
    async listen(port, host = '127.0.0.1') {
      await router.ready();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return server.address() as AddressInfo;
    },
    status() {
      const registry = options.registry.status();
      const policy = options.policy.status();
      const known = registry.freshness !== 'none' && policy.freshness !== 'none';
      return { ready: known && server.listening && !draining, draining, registry, policy };
    },
    async close({ drainMs = 0, graceMs = 30_000 } = {}) {
      draining = true;
      underWay.closeConnections();
      await sleep(drainMs);
      stopListening(server);
      await within(graceMs, underWay.ended());
      await closeServer(server);
      await upstream.close();
      await router.close();
    },
  };
}

function serverOptions({ headerBytes, headersMs, requestMs }: GatewayLimits): ServerOptions {
  return {
    maxHeaderSize: headerBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1_000, headersMs), // by default Node looks every 30 s whether time is up
    keepAliveTimeout: 65_000, // longer than the idle time of load balancers in front, so that they close first
    insecureHTTPParser: false, // whatever the command line of the process says
    noDelay: true,
  };
}

/** Only that: the `close` of an HTTP server also destroys connections whose last answer is not sent to its end yet. */
function stopListening(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Waits for `done`, but no longer than this. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([done, late]);
  timer.abort();
}
