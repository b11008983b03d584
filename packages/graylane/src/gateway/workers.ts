import { setTimeout as sleep } from 'node:timers/promises';
import { addMetrics, grownOnly, type MetricValues } from '@graylane/gateway';
import type { EjectionNews } from '@graylane/node';
import type { Configuration } from './configuration.ts';
import type { LogFormat } from './request-log.ts';
import { WorkerProcess } from './worker-process.ts';

/** How long is waited before a worker that died is replaced, in milliseconds: twice as long each time, up to the most. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;

/** A worker that lived so long died of something new, in milliseconds. */
const STABLE_MS = 10_000;

/** The workers of a primary. */
export class Workers {
  /** Those that get connections. */
  #present: readonly WorkerProcess[] = [];
  /** All that have not ended, also those that are drained. */
  readonly #alive = new Set<WorkerProcess>();
  /** What those counted that have ended. */
  #counted: MetricValues = [];
  #configuration: Configuration;
  #ending = false;
  #deaths = 0;
  /** How many there should be. */
  #wanted = 0;
  /** Burials come one after the other, for each adds to what the one before it left. */
  #burials: Promise<void> = Promise.resolve();
  readonly #log: LogFormat;
  readonly #notice: (text: string) => void;

  constructor(configuration: Configuration, log: LogFormat, notice: (text: string) => void) {
    this.#configuration = configuration;
    this.#log = log;
    this.#notice = notice;
  }

  get present(): readonly WorkerProcess[] {
    return this.#present;
  }

  /**
   * Starts so many workers, and when all of them listen, drains those before them: somebody listens all the time. Resolves
   * with where, for people, before the old ones have ended.
   *
   * @throws Error why one of them did not start; then those before them go on
   */
  async replace(configuration: Configuration, count: number, drainMs: number): Promise<string> {
    const fresh = Array.from({ length: count }, () => this.#fork(configuration));
    let places: readonly string[];
    try {
      places = await Promise.all(fresh.map(({ listening }) => listening));
    } catch (error) {
      for (const worker of fresh) worker.kill();
      throw error;
    }
    const old = this.#present;
    this.#configuration = configuration;
    this.#wanted = count;
    this.#present = fresh;
    for (const worker of old) void worker.end(drainMs);
    return places[0] as string;
  }

  /** Has all workers take over what they can, and those that are started later begin with it. */
  apply(configuration: Configuration, inForce: Configuration): void {
    this.#configuration = inForce;
    for (const worker of this.#present) worker.apply(configuration);
  }

  /** Drains all workers; resolves when they have ended. */
  async end(drainMs: number): Promise<void> {
    this.#ending = true;
    await Promise.all(Array.from(this.#alive, (worker) => worker.end(drainMs)));
  }

  /** All metrics, those too of workers that have ended: a counter does not go back because of them. */
  async metrics(): Promise<MetricValues> {
    const all = await Promise.all(
      Array.from(this.#alive, async (worker) => {
        const values = (await worker.ask('metrics').catch(() => undefined)) as MetricValues | undefined;
        if (!values) return worker.counted;
        worker.counted = values;
        return values;
      }),
    );
    return addMetrics([...all, this.#counted]);
  }

  #fork(configuration: Configuration): WorkerProcess {
    const worker: WorkerProcess = new WorkerProcess(configuration, this.#log, {
      onEjection: (news) => this.#tellOthers(worker, news),
      onNotice: this.#notice,
      onExit: () => this.#bury(worker),
    });
    this.#alive.add(worker);
    return worker;
  }

  #tellOthers(from: WorkerProcess, news: EjectionNews): void {
    for (const worker of this.#alive) if (worker !== from) worker.hearEjection(news);
  }

  #bury(worker: WorkerProcess): void {
    const wasPresent = this.#present.includes(worker);
    this.#present = this.#present.filter((other) => other !== worker);
    this.#burials = this.#burials.then(async () => {
      const counted = await addMetrics([this.#counted, grownOnly(worker.counted)]);
      this.#alive.delete(worker);
      this.#counted = counted;
    });
    if (this.#ending || worker.ending || !wasPresent) return;
    this.#deaths = performance.now() - worker.startedAt > STABLE_MS ? 0 : this.#deaths + 1;
    void this.#revive(worker.pid);
  }

  /** Starts another worker, again and again until one listens. */
  async #revive(pid: number): Promise<void> {
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#deaths, 16));
    this.#notice(`The worker ${pid} died; another one starts in ${delay} ms.`);
    await sleep(delay);
    if (this.#ending || this.#present.length >= this.#wanted) return;
    const worker = this.#fork(this.#configuration);
    try {
      await worker.listening;
      if (this.#present.length < this.#wanted) this.#present = [...this.#present, worker];
      else void worker.end(0); // all were replaced meanwhile
    } catch (error) {
      this.#notice((error as Error).message);
      this.#deaths++;
      await this.#revive(worker.pid);
    }
  }
}
