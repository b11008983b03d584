import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../chaos/random.ts';
import { Fleet, type Life } from './fleet.ts';
import { Judge } from './judge.ts';
import type { Measure, Ports, Program } from './messages.ts';
import { REVISIONS } from './revisions.ts';

/** How many requests lie between two things done to instances, on average. Not time: a slow machine must not suffer more. */
const REQUESTS_BETWEEN = 1_500;

const LANES = ['stable', 'stable', 'stable', 'gray', 'gray', 'beta'];

/** How long the gateway may take to close what nobody uses, in milliseconds: more than its longest idle time. */
const SETTLE_MS = 30_000;

/** Sends requests through one gateway while everything around it changes, and judges what became of them. */
export class Run {
  readonly judge: Judge;
  /** How often what was done. */
  readonly done = { kills: 0, drains: 0, swaps: 0, reconfigurations: 0 };
  /** The gateway's process without load, after the first tenth, and when all is over. */
  readonly measures: { before?: Measure; early?: Measure; end?: Measure } = {};
  /** How long the requests took. */
  seconds = 0;
  readonly #requests: number;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #fleet: Fleet;
  #over = false;

  constructor(requests: number, seed: number) {
    this.#requests = requests;
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#fleet = new Fleet((report) => this.judge.hear(report));
    this.judge = new Judge(this.#fleet, requests * 2);
  }

  /** Does it all. Rejects when that cannot go on. */
  async toEnd(): Promise<void> {
    try {
      await Promise.race([this.#all(), this.#fleet.lost]);
    } finally {
      this.#over = true;
      this.#fleet.close();
    }
  }

  async #all(): Promise<void> {
    const ports = await this.#fleet.startGateway();
    await Promise.all(LANES.map((lane) => this.#fleet.startInstance(lane)));
    this.measures.before = await this.#fleet.measure();
    await this.#load(ports);
    await this.#calmDown(this.measures.before);
    this.judge.judgeFailures();
  }

  async #load(ports: Ports): Promise<void> {
    const { program } = await this.#fleet.start('load');
    const swapping = this.#swap(program);
    const began = performance.now();
    await program.ask({ kind: 'start', ports, requests: this.#requests, seed: this.#seed });
    while (this.judge.counts === undefined) {
      this.#wreak();
      await this.#until(this.judge.done + REQUESTS_BETWEEN * 2 * this.#random());
    }
    this.seconds = (performance.now() - began) / 1000;
    this.#over = true;
    await swapping;
    this.#fleet.stop(program);
  }

  /** Waits until so many requests are done, or all. */
  async #until(requests: number): Promise<void> {
    while (this.judge.done < requests && this.judge.counts === undefined) {
      await sleep(20);
      if (!this.measures.early && this.judge.done > this.#requests / 10)
        this.measures.early = await this.#fleet.measure();
    }
  }

  /** Brings one revision after the other into force, and now and then another configuration. */
  async #swap(load: Program): Promise<void> {
    for (let step = 1; !this.#over; step++) {
      const next = step % REVISIONS.length;
      await load.ask({ kind: 'revisions', revisions: [(step - 1) % REVISIONS.length, next] });
      await this.#fleet.order({ kind: 'policy', revision: next });
      await load.ask({ kind: 'revisions', revisions: [next] });
      this.done.swaps++;
      this.#fleet.tellEvent(`revision ${next} is in force`);
      if (step % 2 === 0) await this.#fleet.order({ kind: 'reconfigure', step: ++this.done.reconfigurations });
      await sleep(1_000);
    }
  }

  /** Kills an instance, or a whole lane but for stable, or has it leave politely; and lets it come back later. */
  #wreak(): void {
    const lane = LANES[Math.floor(this.#random() * LANES.length)] as string;
    const candidates = this.#fleet.ready(lane);
    if (lane === 'stable' && candidates.length < 2) return; // one stays
    const chosen = Math.floor(this.#random() * candidates.length);
    const all = lane !== 'stable' && this.#random() < 0.2;
    const drains = this.#random() < 0.35;
    for (const life of all ? candidates : candidates.slice(chosen, chosen + 1)) {
      this.done[drains ? 'drains' : 'kills']++;
      void this.#comeBack(life, drains ? this.#fleet.drain(life) : this.#fleet.kill(life));
    }
  }

  async #comeBack({ lane, port }: Life, gone: Promise<void>): Promise<void> {
    const sameAddress = this.#random() < 0.5;
    const backAfter = this.#random() * 1_000;
    await gone;
    await sleep(backAfter);
    await this.#fleet.startInstance(lane, sameAddress ? port : undefined);
  }

  /** Waits until nothing is left of the load, or for as long as that may take. */
  async #calmDown(before: Measure): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    for (let calm = false; !calm && performance.now() < until; ) {
      await sleep(500);
      const end = await this.#fleet.measure();
      calm = end.connections + end.requests === 0 && sameResources(end, before);
      this.measures.end = end;
    }
  }
}

function sameResources({ resources: a }: Measure, { resources: b }: Measure): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((kind) => a[kind] === b[kind]);
}
