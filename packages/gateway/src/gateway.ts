import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorityOf, type CompiledPolicy, GraylaneError } from '@graylane/core';
import { createRouter, type Router, type RouterOptions } from '@graylane/node';
import type { PolicySource, Registry, Snapshot } from '@graylane/sources';
import type { EdgeDuties } from './edge/duties.ts';
import { Edge } from './edge/edge.ts';
import { Arrivals } from './inbound/arrivals.ts';
import { createListener, type Listener, type ListenOptions } from './inbound/listener.ts';
import type { Serve } from './inbound/serve.ts';
import { listedAuthorities } from './listed.ts';
import type { GatewayParts } from './parts.ts';
import type { ExchangeRecord } from './record.ts';
import { handleRequest } from './request.ts';
import { RetryBudget } from './retry-budget.ts';
import { createRouteTable, type Route, routeByHost } from './routes.ts';
import type { Trust } from './trust.ts';
import { UnderWay } from './under-way.ts';
import { serveUpgrade } from './upgrade.ts';
import { UPSTREAM_TIMEOUTS, type Upstream, type UpstreamTimeouts } from './upstream.ts';
import { Upstreams } from './upstreams.ts';
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
    'balance' | 'ejection' | 'maxEjectedShare' | 'settleMs' | 'slowStartMs' | 'stableMode' | 'random'
  >;
  /** Called after each request. Default: nothing. */
  readonly onExchange?: (exchange: ExchangeRecord) => void;
  /** What sends requests to instances. Default: what each speaks, by its `metadata.protocol`. */
  readonly upstream?: Upstream;
  /** Authorities that sign the certificates of instances, as PEM. Default: those of Node. */
  readonly instanceCA?: readonly Buffer[];
  /** What it does at the edge beside deciding by rules. Closed by whoever opened it. Default: nothing. */
  readonly edge?: EdgeDuties;
  /** Where it listens beside the address that `listen` is given. Default: nowhere. */
  readonly listeners?: readonly ListenOptions[];
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

/** What can be changed while a gateway runs. What is not given is as by default, and not as it was before. */
export type LiveOptions = Pick<GatewayOptions, 'routes' | 'trust' | 'timeouts' | 'onExchange' | 'edge'> & {
  readonly limits?: Pick<Partial<GatewayLimits>, 'bodyBytes'>;
};

/** How a gateway is, for probes and people. */
export interface GatewayStatus {
  /** Whether it should get requests. */
  readonly ready: boolean;
  readonly draining: boolean;
  /** Connections of clients. */
  readonly connections: number;
  /** Requests whose answers are not out yet. */
  readonly requests: number;
  /** Those that listen: first that of the address that `listen` was given, if it was, then `listeners` in their order. */
  readonly listeners: readonly ListenerStatus[];
  readonly registry: ReturnType<Registry['status']>;
  readonly policy: ReturnType<PolicySource['status']>;
}

/** How a listener is. */
export interface ListenerStatus extends Pick<Listener, 'tlsError' | 'certificates'> {
  /** `127.0.0.1:8080` */
  readonly address: string;
}

/** A running gateway. */
export interface Gateway {
  /** The server of the address that `listen` is given, to be used by tests and by those who need its events. */
  readonly server: Server;
  /**
   * Starts listening once instances and a policy are known, also where `listeners` say. Resolves with the address; without
   * a port, with that of the first of `listeners`.
   */
  listen(port?: number, host?: string, options?: { reusePort?: boolean }): Promise<AddressInfo>;
  /** Where it listens: first the address that `listen` was given, if it was, then `listeners` in their order. */
  addresses(): readonly AddressInfo[];
  status(): GatewayStatus;
  /** The policy in force; undefined before one is known. */
  policy(): CompiledPolicy | undefined;
  /** The instances that it picks from. */
  snapshot(): Snapshot;
  /** What it picks with: for those who share what calls have shown of instances. */
  readonly router: Router;
  /** Handles all further requests so; those under way go on as they began. */
  reconfigure(options: LiveOptions): void;
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
  const upstreams = new Upstreams(options);
  const fixed = { router, policy: () => options.policy.current(), via: new Via(), retries: new RetryBudget() };
  let parts: GatewayParts = { ...fixed, ...liveParts(options, upstreams, router) };
  const keepListed = (): void =>
    parts.upstream.keep(listedAuthorities(options.registry.snapshot(), options.policy.current()));
  options.registry.subscribe(keepListed);
  options.policy.subscribe(keepListed);
  let draining = false;
  const underWay = new UnderWay();
  const serve: Serve = {
    request(request, response) {
      underWay.add(response);
      handleRequest(parts, request, response);
    },
    upgrade(request, socket, head) {
      serveUpgrade(request, socket, head, (asked, response, upgrade) => {
        underWay.add(response);
        handleRequest(parts, asked, response, upgrade);
      });
    },
  };
  const simple = createListener({}, limits, serve);
  const others = (options.listeners ?? []).map((each) => createListener(each, limits, serve));
  const listeners = [simple, ...others];
  const arrivals = new Arrivals(listeners.map(({ server }) => server));
  const listening = (): readonly Listener[] => listeners.filter(({ server }) => server.listening);

  return {
    server: simple.server,
    async listen(port, host, { reusePort } = {}) {
      await router.ready();
      const own = port === undefined ? [] : [await simple.listen(port, host, reusePort)];
      for (const [index, each] of (options.listeners ?? []).entries())
        own.push(await (others[index] as Listener).listen(each.port, each.host, each.reusePort));
      const [first] = own;
      if (!first) throw new GraylaneError('GL_CONFIG_INVALID', 'The gateway has no address to listen at.');
      return first;
    },
    addresses: () => listening().map(addressOf),
    status() {
      const registry = options.registry.status();
      const policy = options.policy.status();
      const known = registry.freshness !== 'none' && policy.freshness !== 'none';
      return {
        ready: known && listening().length > 0 && !draining,
        draining,
        connections: arrivals.count,
        requests: underWay.size,
        listeners: listening().map(statusOf),
        registry,
        policy,
      };
    },
    policy: () => options.policy.current(),
    snapshot: () => options.registry.snapshot(),
    router,
    reconfigure(live) {
      const before = parts.edge;
      parts = { ...fixed, ...liveParts(live, upstreams, router) };
      before.close();
    },
    async close({ drainMs = 0, graceMs = 30_000 } = {}) {
      draining = true;
      underWay.closeConnections();
      for (const listener of listeners) listener.goAway();
      await sleep(drainMs);
      for (const listener of listeners) listener.stopListening();
      await within(
        graceMs,
        arrivals.settled().then(() => underWay.ended()),
      );
      await Promise.all(listeners.map((listener) => listener.close()));
      parts.edge.close();
      await upstreams.close();
      await router.close();
    },
  };
}

function addressOf({ server }: Listener): AddressInfo {
  return server.address() as AddressInfo;
}

function statusOf(listener: Listener): ListenerStatus {
  const { address: host, port } = addressOf(listener);
  const { tlsError, certificates } = listener;
  return { address: authorityOf({ host, port }), tlsError, certificates };
}

/** The parts that can be changed while requests are under way. */
function liveParts(live: LiveOptions, upstreams: Upstreams, router: Router) {
  const { routes, trust, timeouts, limits, edge = {}, onExchange = () => {} } = live;
  const upstream = upstreams.withTimeouts({ ...UPSTREAM_TIMEOUTS, ...timeouts });
  return {
    routes: routes ? createRouteTable(routes) : routeByHost,
    trust: { lanes: [], proxies: [], ...trust },
    upstream,
    edge: new Edge(edge, router, upstream),
    bodyLimit: limits?.bodyBytes ?? GATEWAY_LIMITS.bodyBytes,
    onExchange,
  };
}

/** Waits for `done`, but no longer than this. */
async function within(ms: number, done: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([done, late]);
  timer.abort();
}
