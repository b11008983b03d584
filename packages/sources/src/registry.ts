import type { GraylaneError, Instance } from '@graylane/core';

/** All instances of all services at one moment. Frozen, replaced whole. */
export interface Snapshot {
  /** Grows by one with every change. */
  readonly version: number;
  /** By service. A list that did not change is the same object as before. */
  readonly services: ReadonlyMap<string, readonly Instance[]>;
}

/** How far a source can be believed. */
export interface SourceStatus {
  /** `none`: nothing is known yet. `stale`: known, and the source is out of reach. `fresh`: known and connected. */
  readonly freshness: 'none' | 'stale' | 'fresh';
  /** When the source was last heard, in milliseconds since the epoch; 0 for never. */
  readonly heardAt: number;
  /** Where the present content is from. */
  readonly origin: 'nowhere' | 'disk' | 'source';
  /** The last thing that went wrong, until something goes right. */
  readonly error?: Error;
}

/** What everyone sees of a registry: its last snapshot at once, and each change. */
export interface Registry {
  /** Which registry, for messages: `http://127.0.0.1:8700`. Holds no secret. */
  readonly name: string;
  snapshot(): Snapshot;
  /** Calls `listener` with each new snapshot, not with the present one. Returns how to stop. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void;
  /**
   * Resolves as soon as a snapshot is known, be it the last good one from disk.
   *
   * @throws GraylaneError `GL_REGISTRY_UNAVAILABLE` after `timeoutMs` (default 5000)
   */
  ready(timeoutMs?: number): Promise<void>;
  status(): SourceStatus;
  /** Keeps an instance in the registry until it is deregistered: puts, renews, and puts again when it was lost. */
  register(instance: Instance): Registration;
  /** Stops watching. Registrations that are still there are removed. */
  close(): Promise<void>;
}

/** An instance that this process keeps in a registry. */
export interface Registration {
  /** Resolves when the registry has accepted the instance for the first time. Never rejects: it goes on trying. */
  readonly accepted: Promise<void>;
  /** Replaces the instance, for example by one that drains. Resolves when the registry knows; rejects if it cannot be told. */
  replace(instance: Instance): Promise<void>;
  /** Takes the instance out. Resolves when the registry knows, or cannot be told within 2 s: then its TTL ends it. */
  deregister(): Promise<void>;
}

/**
 * What a driver of a registry product does: it only translates. Last-known-good, doubt, reconnecting and renewing are the
 * keeper's. Every driver passes the testkit's contract suite.
 */
export interface RegistryDriver {
  readonly name: string;
  /**
   * One session: tells the whole state first, then each change, until `signal` aborts (then it resolves) or the source is
   * lost (then it rejects). It is called again for the next session, which may begin with what changed since a lost one
   * if the source knows that; after an aborted one it begins with the whole state.
   */
  watch(sink: RegistrySink, signal: AbortSignal): Promise<void>;
  /** Missing where instances cannot be registered from here. */
  readonly announcer?: Announcer;
  /** Lets go of what outlives a session, such as connections. Called once, last. */
  close?(): Promise<void>;
}

/** Where a driver tells what it sees. */
export interface RegistrySink {
  /**
   * The whole state. `ageMs` says how long the source itself has run, in milliseconds, if it forgets when it restarts:
   * while it cannot know all instances yet, the absence of any is doubted, and that of a lane's too.
   */
  sync(instances: readonly Instance[], how?: { readonly ageMs?: number }): void;
  /**
   * All instances of one service. `left` names the ids of those that are known to have gone on purpose: their absence is
   * not doubted.
   */
  change(service: string, instances: readonly Instance[], left?: readonly string[]): void;
  /** A sign of life without a change. */
  alive(): void;
  /** What the source says now cannot be used: the last good content stays and `status()` has the error. The session goes on. */
  refuse(error: GraylaneError): void;
}

/** Three verbs that keep an instance in a registry. Each rejects when the registry cannot be told. */
export interface Announcer {
  /** Creates or replaces the instance. The answer says how long it lives without being renewed; no TTL, no renewing. */
  put(instance: Instance, signal: AbortSignal): Promise<{ readonly ttlMs?: number }>;
  /** `gone` when the registry does not know the instance any more. */
  renew(instance: Instance, signal: AbortSignal): Promise<'ok' | 'gone'>;
  remove(instance: Instance, signal: AbortSignal): Promise<void>;
}
