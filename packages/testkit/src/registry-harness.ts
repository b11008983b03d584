import type { Instance } from '@graylane/core';
import type { KeeperOptions, Registry } from '@graylane/sources';

/** What some registries cannot do. */
export type RegistryCapability =
  /** It can be out of reach. */
  | 'outage'
  /** Instances can be registered from here. */
  | 'registration'
  /** It says that an instance left on purpose. */
  | 'leaving'
  /** It can restart without its content. */
  | 'forgetting'
  /** What it says can be unreadable. */
  | 'corruption';

/** A source of instances that a suite can play with: a real server, or a real file. */
export interface RegistryHarness {
  /** Opens a registry at the source. */
  open(options: KeeperOptions): Registry;
  /**
   * Makes the source list exactly these instances. Those that it listed before vanish, as far as anybody can tell not on
   * purpose. While the source is stopped, it is what it will list when it starts again.
   */
  set(instances: readonly Instance[]): Promise<void>;
  /** What the source lists by itself. */
  listed(): Promise<readonly Instance[]>;
  /** Takes an instance out on purpose. Needs `leaving`. */
  leave?(instance: Instance): Promise<void>;
  /** Puts the source out of reach, at the same address. Needs `outage`. */
  stop?(): Promise<void>;
  /** Puts it back, with the content that was `set` last. Needs `outage`. */
  start?(): Promise<void>;
  /** Restarts it with no content at all. Needs `forgetting`. */
  forget?(): Promise<void>;
  /** Makes it say something unreadable until the next `set`. Needs `corruption`. */
  corrupt?(): Promise<void>;
  /** Texts that must neither be in messages nor in state files. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

/** An instance for tests: its service, its port, and what is special about it. */
export function instanceOf(service: string, port: number, special: Partial<Instance> = {}): Instance {
  const lane = special.lane ?? 'stable';
  const metadata = lane === 'stable' ? {} : { lane };
  const host = '127.0.0.1';
  const plain = {
    id: `${host}:${port}`,
    service,
    host,
    port,
    lane,
    weight: 1,
    zone: '',
    state: 'ready',
    metadata,
  } as const;
  return { ...plain, ...special };
}

/** What a registry knows of a service, one word an instance, sorted: `8001`, `8002/gray`, `8003/stable/draining`. */
export function shown(registry: Registry, service: string): string {
  return show(registry.snapshot().services.get(service) ?? []);
}

/** As {@link shown}, of a list. */
export function show(instances: readonly Instance[]): string {
  return instances
    .map(({ port, lane, state }) =>
      [port, ...(lane === 'stable' && state === 'ready' ? [] : [lane]), ...(state === 'ready' ? [] : [state])].join(
        '/',
      ),
    )
    .sort()
    .join(' ');
}
