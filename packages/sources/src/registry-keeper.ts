import { GraylaneError, type Instance, parseInstances } from '@graylane/core';
import { type Doubt, type DoubtOptions, judge, type Push } from './doubt.ts';
import { Keeper, type KeeperOptions } from './keeper.ts';
import { keepRegistered } from './registrar.ts';
import type { Registration, Registry, RegistryDriver, RegistrySink, Snapshot, SourceStatus } from './registry.ts';

/**
 * Makes a registry of a driver: keeps its last good snapshot in memory and on disk, doubts pushes that would empty a
 * service, and begins a new session, with jitter, whenever one is lost. Every driver is used through this.
 */
export function keepRegistry(driver: RegistryDriver, options: KeeperOptions = {}): Registry {
  return new KeptRegistry(driver, options);
}

type Services = Snapshot['services'];

/** A push that is doubted, and since when. */
interface Doubted {
  readonly doubt: Doubt;
  readonly instances: readonly Instance[];
}

class KeptRegistry implements Registry {
  readonly name: string;
  readonly #driver: RegistryDriver;
  readonly #options: KeeperOptions;
  readonly #doubtOptions: DoubtOptions;
  readonly #keeper: Keeper<Snapshot>;
  readonly #registrations = new Set<Registration>();
  readonly #doubts = new Map<string, Doubted>();
  #snapshot: Snapshot = { version: 0, services: new Map() };
  #doubtTimer: NodeJS.Timeout | undefined;

  constructor(driver: RegistryDriver, options: KeeperOptions) {
    this.name = driver.name;
    this.#driver = driver;
    this.#options = options;
    this.#doubtOptions = { doubtMs: options.doubtMs ?? 30_000, collapseShare: options.collapseShare ?? 0.2 };
    const sink: RegistrySink = {
      sync: (instances, how) => this.#sync(instances, how),
      change: (service, instances, left) => this.#take(new Map([[service, instances]]), { left: new Set(left) }),
      alive: () => this.#keeper.heard(),
      refuse: (error) => this.#keeper.refuse(error),
    };
    this.#keeper = new Keeper(
      {
        name: driver.name,
        kind: 'instances',
        unavailable: 'GL_REGISTRY_UNAVAILABLE',
        restore: (kept) => this.#restore(parseInstances(kept)),
        session: (signal) => driver.watch(sink, signal),
      },
      options,
    );
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  status(): SourceStatus {
    return this.#keeper.status;
  }

  subscribe(listener: (snapshot: Snapshot) => void): () => void {
    return this.#keeper.subscribe(listener);
  }

  ready(timeoutMs?: number): Promise<void> {
    return this.#keeper.ready(timeoutMs);
  }

  register(instance: Instance): Registration {
    const { announcer } = this.#driver;
    if (this.#keeper.closed) throw new GraylaneError('GL_CLOSED', `${this.name} is closed`);
    if (!announcer)
      throw new GraylaneError('GL_REGISTRY_REFUSED', `${this.name} takes no registrations: it is only read`);
    const report = (error: Error): void => this.#keeper.report(error);
    const kept = keepRegistered(announcer, instance, report, this.#options.random);
    const registration: Registration = {
      ...kept,
      deregister: async () => {
        this.#registrations.delete(registration);
        await kept.deregister();
      },
    };
    this.#registrations.add(registration);
    return registration;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#registrations].map((registration) => registration.deregister()));
    clearTimeout(this.#doubtTimer);
    await this.#keeper.close();
    clearTimeout(this.#doubtTimer);
    await this.#driver.close?.();
  }

  #restore(instances: readonly Instance[]): void {
    const services = new Map([...byService(instances)].map(([service, list]) => [service, freeze(list)]));
    this.#keeper.restored(this.#replace(services));
  }

  /** A whole state: services that it does not list have no instances. */
  #sync(instances: readonly Instance[], how: Parameters<RegistrySink['sync']>[1]): void {
    const absent = [...this.#snapshot.services.keys()].map((service) => [service, []] as const);
    this.#take(new Map([...absent, ...byService(instances)]), { ...how });
  }

  /** Takes what the source says of some services, as far as it is believed. */
  #take(pushed: Services, how: Partial<Push>): void {
    const changed = this.#judge(pushed, how, performance.now());
    this.#keeper.accept(changed && this.#replace(changed));
  }

  /** Judges what was pushed, service by service. Returns all services as they are now, or nothing if none changed. */
  #judge(pushed: Services, how: Partial<Push>, now: number): Services | undefined {
    const { left = new Set(), ageMs = Number.POSITIVE_INFINITY } = how;
    const services = new Map(this.#snapshot.services);
    let changed = false;
    for (const [service, instances] of pushed) {
      const inUse = services.get(service);
      const doubt = this.#doubts.get(service)?.doubt;
      const judged = judge(inUse ?? [], { instances, left, ageMs }, doubt, now, this.#doubtOptions);
      if (judged.doubt) this.#doubts.set(service, { doubt: judged.doubt, instances });
      else this.#doubts.delete(service);
      if (inUse && sameInstances(inUse, judged.instances)) continue;
      services.set(service, freeze(judged.instances));
      changed = true;
    }
    this.#scheduleDoubts(now);
    return changed ? services : undefined;
  }

  /** Judges doubted pushes again once they have stood long enough. Time without the source does not count. */
  #scheduleDoubts(now: number): void {
    clearTimeout(this.#doubtTimer);
    if (this.#doubts.size === 0) return;
    const first = Math.min(...[...this.#doubts.values()].map(({ doubt }) => doubt.since));
    const wait = Math.max(1, first + this.#doubtOptions.doubtMs - now);
    this.#doubtTimer = setTimeout(() => this.#judgeAgain(performance.now()), wait).unref();
  }

  #judgeAgain(now: number): void {
    if (this.status().freshness === 'fresh') {
      const changed = this.#judge(
        new Map([...this.#doubts].map(([name, { instances }]) => [name, instances])),
        {},
        now,
      );
      if (changed) this.#keeper.tell(this.#replace(changed));
      return;
    }
    for (const [service, { doubt, instances }] of this.#doubts)
      this.#doubts.set(service, { doubt: { ...doubt, since: now }, instances });
    this.#scheduleDoubts(now);
  }

  #replace(services: Services): Snapshot {
    this.#snapshot = Object.freeze({ version: this.#snapshot.version + 1, services });
    this.#keeper.save([...services.values()].flat());
    return this.#snapshot;
  }
}

function byService(instances: readonly Instance[]): Map<string, readonly Instance[]> {
  return Map.groupBy(instances, ({ service }) => service);
}

function freeze(instances: readonly Instance[]): readonly Instance[] {
  return Object.freeze(instances.map((instance) => Object.freeze(instance)));
}

/** Whether two lists say the same, whatever their order. */
function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  if (a.length !== b.length) return false;
  const byId = new Map(a.map((instance) => [instance.id, instance]));
  return b.every((instance) => {
    const other = byId.get(instance.id);
    return other === instance || (other !== undefined && JSON.stringify(other) === JSON.stringify(instance));
  });
}
