/** Something that ends when its time is up. */
export interface Timed {
  /** On the clock of its {@link Deadlines}, which sets it; `Infinity` while there is none. */
  deadline: number;
  onDeadline(): void;
}

/** How often is looked, in milliseconds: time limits are kept to within twice that, and never end too early. */
const TICK_MS = 50;

/**
 * Many deadlines, one timer, and no look at the clock to set one: time goes on in ticks. While the process is busy with
 * something else for long it stands still, for which no instance is to blame: what has come meanwhile is read first.
 */
export class Deadlines {
  readonly #all = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined;
  #now = 0;
  #lookedAt = 0;

  /** Ends `timed` after so many milliseconds; `Infinity` takes its deadline away. */
  set(timed: Timed, ms: number): void {
    timed.deadline = this.#now + ms + TICK_MS;
  }

  add(timed: Timed): void {
    this.#all.add(timed);
    if (this.#timer) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  remove(timed: Timed): void {
    this.#all.delete(timed);
  }

  #tick(): void {
    const now = performance.now();
    this.#now += Math.min(now - this.#lookedAt, TICK_MS);
    this.#lookedAt = now;
    for (const timed of this.#all) if (timed.deadline <= this.#now) timed.onDeadline();
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
