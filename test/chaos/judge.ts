import type { Fleet, Life, Outage } from './fleet.ts';
import { parseHops } from './hops.ts';
import { SETTINGS } from './settings.ts';

/** A request that was answered, or was not. Times as `performance.now()`. */
export interface Sent {
  /** `forged`: untagged, with a lane in its headers that the gateway must not believe. */
  readonly kind: 'untagged' | 'forged' | 'tagged';
  readonly requestID: string;
  readonly start: number;
  readonly end: number;
  /** 0 when the gateway itself did not answer. */
  readonly status: number;
  readonly body: string;
}

/** How late a process on a busy machine may learn what happened in another one. */
const MARGIN_MS = 600;

/** How long gray may be back, and known to be, before it serves: it settles, and an ejection from its last life runs out. */
const RETURN_MS = SETTINGS.settleMs + SETTINGS.ejection.maxMs + MARGIN_MS;

/** How many instances the gateway tries for a request. */
const GATEWAY_ATTEMPTS = 3;

/** How long a registry that is back may need until its clients believe it. */
const BELIEF_MS = SETTINGS.kept.maxBackoffMs + SETTINGS.kept.doubtMs + MARGIN_MS;

/**
 * Until when an instance that was killed may still be called: the registry lets it expire after its TTL and a sweep. A
 * registry that is away meanwhile, or has just begun, cannot; then until its clients are back and believe it.
 */
export function detectedAt(killedAt: number, outages: readonly Outage[]): number {
  let at = killedAt + SETTINGS.ttlMs + SETTINGS.sweepMs + MARGIN_MS;
  for (const { from, to = Number.POSITIVE_INFINITY } of outages)
    if (from <= at && to + BELIEF_MS >= killedAt) at = Math.max(at, to + BELIEF_MS);
  return at;
}

/** Judges every request by what the system promises, and counts. */
export class Judge {
  readonly counts = {
    untagged: 0,
    forged: 0,
    tagged: 0,
    grayHops: 0,
    fallbackHops: 0,
    whileRegistryAway: 0,
    lostUnderWay: 0,
    lostBeforeDetection: 0,
    lostToStarvation: 0,
  };
  /** What must not have happened. */
  readonly violations: string[] = [];
  readonly #fleet: Fleet;
  /** Judged at the end, when all that is to know about them is known. */
  readonly #refused: Sent[] = [];

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  get judged(): number {
    return this.counts.untagged + this.counts.forged + this.counts.tagged;
  }

  judge(sent: Sent): void {
    this.counts[sent.kind]++;
    if (this.#fleet.outages.some(({ from, to = sent.start }) => from <= sent.start && to >= sent.start))
      this.counts.whileRegistryAway++;
    if (sent.status === 200) this.#judgeHops(sent);
    else this.#refused.push(sent);
  }

  /** Judges those that were refused. To be called once the last request was answered. */
  judgeRefused(): void {
    for (const sent of this.#refused.splice(0)) this.#judgeRefusal(sent);
  }

  #judgeHops(sent: Sent): void {
    const hops = parseHops(sent.body);
    const wanted = sent.kind === 'tagged' ? 'gray' : 'stable';
    let caller = this.#fleet.gateway.pid;
    if (hops.map(({ service }) => service).join() !== 'front,back') this.#violate(sent, 'a hop is missing');
    for (const hop of hops) {
      const life = this.#fleet.lives.get(hop.pid);
      if (life?.slot?.lane !== hop.lane || life.slot.service !== hop.service) this.#violate(sent, 'a hop is not ours');
      if (hop.wanted !== wanted) this.#violate(sent, `${hop.service} was asked for the lane ${hop.wanted}`);
      if (hop.lane === 'gray') this.counts.grayHops++;
      if (hop.lane === 'gray' && wanted === 'stable') this.#violate(sent, `gray ${hop.service} served it`);
      if (hop.lane === 'stable' && wanted === 'gray') {
        this.counts.fallbackHops++;
        const serving = this.#grayThroughout(hop.service, caller, sent);
        if (serving) this.#violate(sent, `${hop.service} fell back while gray ${serving.address} was up`);
      }
      caller = hop.pid;
    }
  }

  /** A gray instance that its caller has known for long enough, and that lived through the whole request. */
  #grayThroughout(service: string, caller: number, { start, end }: Sent): Life | undefined {
    return [...this.#fleet.lives.values()].find(({ slot, knownSince, killedAt }) => {
      const since = knownSince.get(caller);
      if (slot?.service !== service || slot.lane !== 'gray' || since === undefined) return false;
      return since + RETURN_MS <= start && (killedAt ?? Number.POSITIVE_INFINITY) > end;
    });
  }

  /** Only a call to an instance that was killed may be lost: under way, or before anybody could know. */
  #judgeRefusal(sent: Sent): void {
    const byFront = /^failed (\S+)/m.exec(sent.body)?.[1];
    const byGateway = /"GL_UPSTREAM_(?:FAILED|CONNECT)"/.test(sent.body);
    const address = byGateway ? this.#fleet.refused.get(sent.requestID) : byFront;
    const dead = [...this.#fleet.lives.values()].filter(
      (life) => life.address === address && (life.killedAt ?? Number.POSITIVE_INFINITY) <= sent.end,
    );
    const killedAt = Math.max(...dead.map((life) => life.killedAt as number));
    // The gateway tries another instance when it cannot connect: it loses what it had sent, and what finds only dead ones.
    const excused = byFront !== undefined || this.#undetected(sent).length >= GATEWAY_ATTEMPTS;
    const lostUntil = excused ? detectedAt(killedAt, this.#fleet.outages) : killedAt + MARGIN_MS;
    const [front] = parseHops(sent.body);
    const [service, caller] = byFront && front ? ['back', front.pid] : ['front', this.#fleet.gateway.pid];
    if (this.#starved(service, caller, sent)) this.counts.lostToStarvation++;
    else if (dead.length === 0 || sent.start > lostUntil)
      this.#violate(sent, `refused with ${sent.status} at ${address}; before: ${this.#story(sent)}`);
    else if (killedAt >= sent.start) this.counts.lostUnderWay++;
    else this.counts.lostBeforeDetection++;
  }

  /** Fronts that were killed and that the gateway may still take for alive. */
  #undetected({ start, end }: Sent): Life[] {
    return [...this.#fleet.lives.values()].filter(
      ({ slot, killedAt = Number.POSITIVE_INFINITY }) =>
        slot?.service === 'front' && killedAt <= end && detectedAt(killedAt, this.#fleet.outages) >= start,
    );
  }

  /**
   * Whether the caller had lost a stable instance that lived, because the registry, in its best days, had not heard of it
   * in time: the machine is busier than the TTL allows, and nobody is to blame.
   */
  #starved(service: string, caller: number, { start, end }: Sent): boolean {
    return this.#fleet.drops.some(({ at, by, life }) => {
      const { slot, killedAt = Number.POSITIVE_INFINITY, knownSince } = life;
      if (by !== caller || slot?.service !== service || slot.lane !== 'stable') return false;
      const inAftermath = this.#fleet.outages.some(({ from, to = at }) => from <= at && at <= to + BELIEF_MS);
      return !inAftermath && at <= end && killedAt > start && (knownSince.get(caller) ?? end) >= start;
    });
  }

  /** What happened in the seconds before a request ended. */
  #story({ end }: Sent): string {
    const lines = this.#fleet.events.filter(({ at }) => at <= end && at > end - 4_000);
    return lines.map(({ at, what }) => `${at.toFixed(0)} ${what}`).join(', ');
  }

  #violate({ kind, start, end, body }: Sent, what: string): void {
    const time = `${start.toFixed(0)}–${end.toFixed(0)} ms`;
    this.violations.push(`${kind} request of ${time}: ${what}: ${body.replaceAll('\n', ' | ')}`);
  }
}
