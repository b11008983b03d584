import {
  type Balance,
  createPicker,
  type Ejection,
  type EjectionOptions,
  type Instance,
  type Lane,
  type Load,
  NOT_EJECTED,
  type Outcome,
  observe,
  type Pick,
  type Picker,
  type Random,
  type Routing,
  type StableMode,
} from '@graylane/core';

/** What never changes for the picks of one process. */
export interface PickSettings {
  readonly balance: Balance;
  readonly stableMode: StableMode;
  readonly settleMs: number;
  /** How long an instance that comes later needs until it has its whole share; 0: it has it at once. */
  readonly slowStartMs: number;
  readonly ejection: EjectionOptions;
  readonly maxEjectedShare: number;
  readonly random: Random;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
}

/** What this process knows of one instance from its own calls. */
interface Seen {
  readonly load: Load;
  ejection: Ejection;
  /** When it came; -Infinity for those that were there when this process began to look. */
  cameAt: number;
  /** Whether the last thing that ejected it was that nobody could connect to it. */
  unreachable: boolean;
}

/** The picks of one service: its present picker, and what survives when a change makes a new one. */
export class ServicePicks {
  readonly #service: string;
  readonly #settings: PickSettings;
  #instances: readonly Instance[];
  #routing: Routing;
  #seen = new Map<string, Seen>();
  #picker: Picker;

  constructor(service: string, instances: readonly Instance[], routing: Routing, settings: PickSettings) {
    this.#service = service;
    this.#instances = instances;
    this.#routing = routing;
    this.#settings = settings;
    this.#picker = this.#build(new Map());
  }

  /** Goes on with other instances or another routing; nothing happens when both are what they were. */
  update(instances: readonly Instance[], routing: Routing): void {
    if (instances === this.#instances && routing === this.#routing) return;
    const processes = new Map(this.#instances.map(({ id, metadata }) => [id, metadata.pid]));
    this.#seen = new Map(
      instances.map(({ id, metadata }) => {
        const seen = this.#seenOf(id);
        // Another process at the same address: what its predecessor did is not its fault.
        if (processes.has(id) && processes.get(id) !== metadata.pid) seen.ejection = NOT_EJECTED;
        if (!processes.has(id) || processes.get(id) !== metadata.pid) seen.cameAt = this.#settings.now();
        return [id, seen];
      }),
    );
    this.#instances = instances;
    this.#routing = routing;
    this.#picker = this.#build(this.#picker.presence);
  }

  pick(wanted: Lane): Pick {
    if (this.#settings.now() >= this.#picker.staleAt) this.#picker = this.#build(this.#picker.presence);
    return this.#picker.pick(wanted, this.#settings.random);
  }

  /** Takes in what a call showed of an instance. */
  report(instance: Instance, outcome: Outcome): void {
    const seen = this.#seen.get(instance.id);
    if (!seen) return;
    const before = seen.ejection;
    seen.ejection = observe(before, outcome, this.#settings.now(), this.#settings.ejection);
    if (outcome !== 'timeout') seen.unreachable = outcome === 'connect-failed';
    // At once, and not with the next pick: a lane that is absent for a moment must settle before it is back.
    if (seen.ejection.until !== before.until) this.#picker = this.#build(this.#picker.presence);
  }

  #build(presence: Picker['presence']): Picker {
    const { now, settleMs, slowStartMs, maxEjectedShare, balance, stableMode } = this.#settings;
    return createPicker({
      service: this.#service,
      instances: this.#instances,
      routing: this.#routing,
      stableMode,
      balance,
      maxEjectedShare,
      settleMs,
      presence,
      ejectedUntil: ({ id }) => this.#seenOf(id).ejection.until,
      unreachable: ({ id }) => this.#seenOf(id).unreachable,
      loadOf: ({ id }) => this.#seenOf(id).load,
      slowStartMs,
      cameAt: ({ id }) => this.#seenOf(id).cameAt,
      now: now(),
    });
  }

  #seenOf(id: string): Seen {
    let seen = this.#seen.get(id);
    if (!seen) {
      seen = { load: { inFlight: 0 }, ejection: NOT_EJECTED, cameAt: Number.NEGATIVE_INFINITY, unreachable: false };
      this.#seen.set(id, seen);
    }
    return seen;
  }
}
