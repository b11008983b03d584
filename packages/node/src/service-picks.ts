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
  takeOver,
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

/** That an instance is left out from now on, or not any more: for others who call the same instances. */
export interface EjectionNews {
  readonly service: string;
  /** The instance's id. */
  readonly instance: string;
  /** For how many milliseconds from now; 0 when it has answered again. Not an end, for clocks differ. */
  readonly forMs: number;
  /** Whether nobody could even connect to it. */
  readonly unreachable: boolean;
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
  report(instance: Instance, outcome: Outcome): EjectionNews | undefined {
    const seen = this.#seen.get(instance.id);
    if (!seen) return undefined;
    const before = seen.ejection;
    const now = this.#settings.now();
    seen.ejection = observe(before, outcome, now, this.#settings.ejection);
    if (outcome !== 'timeout') seen.unreachable = outcome === 'connect-failed';
    // At once, and not with the next pick: a lane that is absent for a moment must settle before it is back.
    if (seen.ejection.until === before.until) return undefined;
    this.#picker = this.#build(this.#picker.presence);
    const forMs = Math.max(0, seen.ejection.until - now);
    return { service: this.#service, instance: instance.id, forMs, unreachable: seen.unreachable };
  }

  /** Takes in what somebody else saw of an instance. */
  hear({ instance, forMs, unreachable }: EjectionNews): void {
    const seen = this.#seen.get(instance);
    if (!seen) return;
    const before = seen.ejection;
    seen.ejection = forMs === 0 ? NOT_EJECTED : takeOver(before, this.#settings.now() + forMs);
    if (seen.ejection === before) return;
    seen.unreachable = unreachable;
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
