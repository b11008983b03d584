import { randomBytes } from 'node:crypto';
import type { Instance } from '@graylane/core';

/** What happened to one service: all instances that it has now, and which left on purpose. */
export interface Change {
  /** Grows by one with every change. */
  readonly revision: number;
  readonly service: string;
  readonly instances: readonly Instance[];
  readonly left: readonly string[];
}

/** How much a store holds. */
export interface StoreLimits {
  /** Instances in all. Default 100,000. */
  readonly instances: number;
  /** Instances of one service. Default 10,000. */
  readonly instancesPerService: number;
  /** Changes that are kept for watchers that come back. Default 1,000. */
  readonly changes: number;
}

/** How a store works. Times in milliseconds. */
export interface StoreOptions {
  readonly limits: StoreLimits;
  /** How often to look for what has expired. */
  readonly sweepMs: number;
  readonly now?: () => number;
}

/** How long changes are gathered before they are told, so that a service that starts a hundred times at once is told once. */
const GATHER_MS = 10;

interface Entry {
  readonly instance: Instance;
  readonly ttlMs: number;
  until: number;
}

/**
 * The instances of an embedded registry, in memory. Each lives as long as it is renewed. An instance that is removed has
 * left on purpose and is told so; of one that expires nobody knows what became of it, and its absence is told without
 * that word, so that clients doubt it where it would empty a service.
 */
export class InstanceStore {
  /** Names this life of the store: revisions of another epoch mean nothing here. */
  readonly epoch: string = randomBytes(6).toString('hex');
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  readonly #began: number;
  readonly #services = new Map<string, Map<string, Entry>>();
  readonly #gathered = new Map<string, Set<string>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #sweeper: NodeJS.Timeout;
  #changes: Change[] = [];
  #telling: NodeJS.Timeout | undefined;
  #revision = 0;
  #count = 0;
  #sweptAt: number;

  constructor({ limits, sweepMs, now = () => performance.now() }: StoreOptions) {
    this.#limits = limits;
    this.#now = now;
    this.#began = now();
    this.#sweptAt = this.#began;
    this.#sweeper = setInterval(() => this.sweep(sweepMs), sweepMs).unref();
  }

  /** The revision of the last change that was told. */
  get revision(): number {
    return this.#revision;
  }

  /** How long this store has run, in milliseconds: whoever was registered before it may need a while to come back. */
  get ageMs(): number {
    return Math.round(this.#now() - this.#began);
  }

  /** All instances, or those of one service. */
  list(service?: string): Instance[] {
    const entries = service === undefined ? [...this.#services.values()] : [this.#services.get(service) ?? new Map()];
    return entries.flatMap((ofService) => [...ofService.values()].map(({ instance }) => instance));
  }

  /** Creates or replaces an instance. Answers with the limit that it would exceed, if any. */
  put(instance: Instance, ttlMs: number): 'instances' | 'instancesPerService' | undefined {
    const { service, id } = instance;
    const entries = this.#services.get(service) ?? new Map<string, Entry>();
    const before = entries.get(id);
    if (!before && entries.size >= this.#limits.instancesPerService) return 'instancesPerService';
    if (!before && this.#count >= this.#limits.instances) return 'instances';
    if (!before) this.#count++;
    this.#services.set(service, entries);
    entries.set(id, { instance, ttlMs, until: this.#now() + ttlMs });
    this.#gathered.get(service)?.delete(id);
    if (!before || JSON.stringify(before.instance) !== JSON.stringify(instance)) this.#gather(service);
    return undefined;
  }

  /** Lets an instance live for another TTL. False when it is not known. */
  renew(service: string, id: string): boolean {
    const entry = this.#services.get(service)?.get(id);
    if (entry) entry.until = this.#now() + entry.ttlMs;
    return entry !== undefined;
  }

  /** Takes out an instance that left on purpose. False when it is not known. */
  remove(service: string, id: string): boolean {
    if (!this.#delete(service, id)) return false;
    this.#gather(service).add(id);
    return true;
  }

  /**
   * Takes out what was not renewed in time. Time in which this process itself did not run (a laptop that slept, a
   * stopped container) is not held against anyone: nobody could renew then.
   */
  sweep(sweepMs: number): void {
    const now = this.#now();
    const late = now - this.#sweptAt - sweepMs;
    const pause = late > sweepMs ? late : 0;
    this.#sweptAt = now;
    for (const [service, entries] of this.#services) {
      for (const [id, entry] of entries) {
        entry.until += pause;
        if (entry.until > now) continue;
        this.#delete(service, id);
        this.#gather(service);
      }
    }
  }

  /** The changes after a revision of this epoch; undefined when they are not all kept any more. */
  since(revision: number): readonly Change[] | undefined {
    const missed = this.#revision - revision;
    if (missed < 0 || missed > this.#changes.length) return undefined;
    return this.#changes.slice(this.#changes.length - missed);
  }

  /** Calls `listener` with each change from now on. Returns how to stop. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#sweeper);
    clearTimeout(this.#telling);
    this.#listeners.clear();
  }

  #delete(service: string, id: string): boolean {
    const entries = this.#services.get(service);
    if (!entries?.delete(id)) return false;
    this.#count--;
    if (entries.size === 0) this.#services.delete(service);
    return true;
  }

  /** Notes that a service changed. Returns the ids that left it since the last telling. */
  #gather(service: string): Set<string> {
    const left = this.#gathered.get(service) ?? new Set();
    this.#gathered.set(service, left);
    this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS);
    return left;
  }

  #tell(): void {
    this.#telling = undefined;
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    for (const [service, left] of gathered) {
      const change: Change = { revision: ++this.#revision, service, instances: this.list(service), left: [...left] };
      this.#changes.push(change);
      for (const listener of this.#listeners) listener(change);
    }
    this.#changes = this.#changes.slice(-this.#limits.changes);
  }
}
