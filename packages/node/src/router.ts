import { getRandomValues } from 'node:crypto';
import type { Server } from 'node:net';
import {
  createRandom,
  DEFAULT_ROUTING,
  EJECTION_DEFAULTS,
  type EjectionOptions,
  GraylaneError,
  type Instance,
  type Lane,
  type Outcome,
  type Pick,
  parseLane,
  type Routing,
  type Served,
  STABLE,
} from '@graylane/core';
import type { PolicySource, Registry } from '@graylane/sources';
import { type Announcement, type AnnounceOptions, announce } from './announce.ts';
import { currentLane } from './context.ts';
import { publishError, publishPick } from './diagnostics.ts';
import { type HookOptions, hookClients } from './hooks/clients.ts';
import { completeOpenTelemetry, type OpenTelemetryState } from './otel.ts';
import type { CallPicks } from './outgoing.ts';
import { type EjectionNews, type PickSettings, ServicePicks } from './service-picks.ts';

/** What a router is made of. */
export interface RouterOptions extends Partial<Omit<PickSettings, 'ejection'>> {
  /** This process's own service. */
  readonly service: string;
  /** The lane of this process. Default: stable. */
  readonly lane?: string | undefined;
  /** Where instances come from. The router closes it when it is closed itself. */
  readonly registry: Registry;
  /** Where lanes and their fallbacks come from. Without it every lane falls back to stable. Closed with the router. */
  readonly policy?: PolicySource;
  /** When calls that failed leave an instance out. */
  readonly ejection?: Partial<EjectionOptions>;
}

/** What a service holds once: it knows the instances and picks among them. */
export interface Router extends CallPicks {
  readonly service: string;
  /** The lane of this process. */
  readonly lane: Lane;
  /** What OpenTelemetry had when the router was made. */
  readonly openTelemetry: OpenTelemetryState;
  /** Resolves when instances and, with a policy source, a policy are known; see {@link Registry.ready}. */
  ready(timeoutMs?: number): Promise<void>;
  /** Hooks the HTTP clients of this process; see {@link hookClients}. Returns how to undo it. */
  hookClients(options?: HookOptions): () => void;
  /** Registers this process as an instance as soon as `server` listens; see {@link announce}. */
  announce(server: Server, options?: AnnounceOptions): Promise<Announcement>;
  /**
   * Calls `listener` whenever a call of this process ejected an instance, or one that was ejected has answered again.
   * Several processes that call the same instances can share what they see so; each then tells the others' routers with
   * {@link hearEjection}. Returns how to stop.
   */
  onEjection(listener: (news: EjectionNews) => void): () => void;
  /** Takes over what another process saw of an instance. It is not told on; an instance that is not known is left alone. */
  hearEjection(news: EjectionNews): void;
  /** Leaves the registry and stops watching. */
  close(): Promise<void>;
}

/**
 * Creates the router of a process.
 *
 * @throws GraylaneError `GL_LANE_INVALID` when `lane` is no lane name
 */
export function createRouter(options: RouterOptions): Router {
  return new LaneRouter(options);
}

class LaneRouter implements Router {
  readonly service: string;
  readonly lane: Lane;
  readonly openTelemetry: OpenTelemetryState;
  readonly #registry: Registry;
  readonly #policy: PolicySource | undefined;
  readonly #settings: PickSettings;
  readonly #services = new Map<string, ServicePicks>();
  readonly #stops: (() => void)[] = [];
  readonly #ejectionListeners = new Set<(news: EjectionNews) => void>();

  constructor(options: RouterOptions) {
    const lane = parseLane(options.lane ?? STABLE);
    if (!lane) throw new GraylaneError('GL_LANE_INVALID', `"${options.lane}" is no lane name`);
    this.service = options.service;
    this.lane = lane;
    this.openTelemetry = completeOpenTelemetry('beside-sdk');
    this.#registry = options.registry;
    this.#policy = options.policy;
    this.#settings = {
      balance: options.balance ?? 'p2c',
      stableMode: options.stableMode ?? 'unlabelled',
      settleMs: options.settleMs ?? 1_000,
      slowStartMs: options.slowStartMs ?? 0,
      maxEjectedShare: options.maxEjectedShare ?? 0.5,
      ejection: { ...EJECTION_DEFAULTS, ...options.ejection },
      random: options.random ?? createRandom(getRandomValues(new Uint32Array(4))),
      now: options.now ?? (() => performance.now()),
    };
    const update = (): void => this.#update();
    this.#stops.push(this.#registry.subscribe(update));
    if (this.#policy) this.#stops.push(this.#policy.subscribe(update));
    this.#update();
  }

  async ready(timeoutMs?: number): Promise<void> {
    await Promise.all([this.#registry.ready(timeoutMs), this.#policy?.ready(timeoutMs)]);
  }

  pick(service: string, lane: Lane = currentLane()): Pick {
    const pick = this.#services.get(service.toLowerCase())?.pick(lane) ?? UNKNOWN;
    if (pick.kind !== 'unknown') publishPick({ service, wanted: lane, pick });
    return pick;
  }

  begin(service: string, served: Served): (outcome?: Outcome) => void {
    served.load.inFlight++;
    return (outcome) => {
      served.load.inFlight--;
      const news = outcome && this.#services.get(service.toLowerCase())?.report(served.instance, outcome);
      if (news) for (const listener of this.#ejectionListeners) listener(news);
    };
  }

  onEjection(listener: (news: EjectionNews) => void): () => void {
    this.#ejectionListeners.add(listener);
    return () => void this.#ejectionListeners.delete(listener);
  }

  hearEjection(news: EjectionNews): void {
    this.#services.get(news.service.toLowerCase())?.hear(news);
  }

  hookClients(options?: HookOptions): () => void {
    const unhook = hookClients(this, options);
    this.#stops.push(unhook);
    return unhook;
  }

  announce(server: Server, options?: AnnounceOptions): Promise<Announcement> {
    return announce(this, this.#registry, server, options);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.all([this.#registry.close(), this.#policy?.close()]);
  }

  /** Brings every service's picks up to the present snapshot and policy. */
  #update(): void {
    try {
      const routing = this.#policy?.current()?.routing ?? DEFAULT_ROUTING;
      const { services } = this.#registry.snapshot();
      const known = new Set(Array.from(services.keys(), (service) => service.toLowerCase()));
      for (const service of this.#services.keys()) if (!known.has(service)) this.#services.delete(service);
      for (const [service, instances] of services) this.#updateService(service, instances, routing);
    } catch (error) {
      publishError('registry', error);
    }
  }

  /** A service is found by its name in lower case: that is how a URL has its host. */
  #updateService(service: string, instances: readonly Instance[], routing: Routing): void {
    const key = service.toLowerCase();
    try {
      const picks = this.#services.get(key);
      if (picks) picks.update(instances, routing);
      else this.#services.set(key, new ServicePicks(service, instances, routing, this.#settings));
    } catch (error) {
      publishError('registry', error);
    }
  }
}

const UNKNOWN: Pick = { kind: 'unknown' };
