import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from './settings.ts';

/** What an instance is, whatever becomes of its processes. */
export interface Slot {
  readonly service: 'front' | 'back';
  readonly lane: 'stable' | 'gray';
  /** With which client a front calls a back. */
  readonly client: 'http' | 'fetch';
}

/** One process, from its start to its death. Times as `performance.now()` of the test. */
export interface Life {
  readonly name: string;
  readonly slot?: Slot;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  address: string;
  upAt?: number;
  killedAt?: number;
  /** By the process id of each that knows this one: since when. */
  readonly knownSince: Map<number, number>;
}

/** A time without a registry; without an end while it lasts. */
export interface Outage {
  readonly from: number;
  to?: number;
}

/** Somebody's list lost one that lived: it had no time to renew its registration on a machine as busy as this. */
export interface Drop {
  readonly at: number;
  /** The process id of whoever lost it. */
  readonly by: number;
  readonly life: Life;
}

const FLAGS = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning'];

/** The processes of the test: starts them, kills them, and knows what they know. */
export class Fleet {
  readonly lives = new Map<number, Life>();
  readonly outages: Outage[] = [];
  /** What happened, in order. */
  readonly events: { readonly at: number; readonly what: string }[] = [];
  /** By the id of a request that the gateway refused: the address that it had tried last. */
  readonly refused = new Map<string, string | undefined>();
  /** Whenever one that lived was taken from somebody's list. */
  readonly drops: Drop[] = [];
  #registry: Life | undefined;
  #gateway: Life | undefined;
  #nextPort: number;
  #registryPort = 0;
  #closed = false;
  /** Where all of them keep what they know, as the processes of one machine may. */
  readonly #directory = mkdtempSync(join(tmpdir(), 'graylane-chaos-'));

  /** @param firstPort where to look for free ports; below those that the system gives to outgoing connections */
  constructor(firstPort: number) {
    this.#nextPort = firstPort;
  }

  get gateway(): Life {
    return this.#gateway as Life;
  }

  async startRegistry(): Promise<void> {
    if (this.#closed) return;
    this.#registryPort ||= await this.freePort();
    this.#registry = await this.#start('registry', {}, this.#registryPort);
    const outage = this.outages.at(-1);
    if (outage) outage.to = performance.now();
  }

  killRegistry(): void {
    this.outages.push({ from: performance.now() });
    this.kill(this.#registry as Life);
  }

  async startGateway(): Promise<void> {
    this.#gateway = await this.#start('gateway', {}, 0);
  }

  /** Starts an instance; resolves when it is registered, or has given up on that for now. */
  async startInstance(slot: Slot, port: number): Promise<void> {
    if (this.#closed) return;
    const { service, lane, client } = slot;
    const env = { SERVICE: service, LANE: lane, CLIENT: client, ...(service === 'front' && { NEXT: 'back' }) };
    await this.#start('instance', env, port, slot);
  }

  kill(life: Life): Life {
    life.killedAt ??= this.#tell(`${nameOf(life)} was killed`);
    life.child.kill('SIGKILL');
    return life;
  }

  /** Those of a service and lane that run and are registered. */
  up(service: Slot['service'], lane?: Slot['lane']): Life[] {
    return [...this.lives.values()].filter(
      ({ slot, upAt, killedAt }) =>
        slot?.service === service &&
        (lane === undefined || slot.lane === lane) &&
        upAt !== undefined &&
        killedAt === undefined,
    );
  }

  /** Whether everybody who calls this instance knows it. */
  isKnown(life: Life): boolean {
    const callers = life.slot?.service === 'front' ? [this.gateway] : this.up('front');
    return callers.every(({ pid }) => life.knownSince.has(pid));
  }

  async freePort(): Promise<number> {
    for (;;) {
      const port = this.#nextPort++;
      const probe = createServer();
      const free = await new Promise<boolean>((resolve) => {
        probe.once('error', () => resolve(false));
        probe.listen(port, '127.0.0.1', () => resolve(true));
      });
      if (!free) continue;
      await new Promise((resolve) => probe.close(resolve));
      return port;
    }
  }

  /** Kills all; whoever was to come back later does not. */
  close(): void {
    this.#closed = true;
    for (const life of this.lives.values()) this.kill(life);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #start(name: string, variables: Record<string, string>, port: number, slot?: Slot): Promise<Life> {
    const env = {
      ...process.env,
      ...variables,
      PORT: String(port),
      REGISTRY: `http://127.0.0.1:${this.#registryPort}`,
      STATE: this.#directory,
      NODE_COMPILE_CACHE: join(this.#directory, 'compiled'), // a third of the time that a start takes
    };
    const child = fork(new URL(`${name}.ts`, import.meta.url), { execArgv: FLAGS, env });
    const life: Life = {
      name,
      child,
      pid: child.pid as number,
      port,
      address: '',
      knownSince: new Map(),
      ...(slot && { slot }),
    };
    this.lives.set(life.pid, life);
    return new Promise((resolve, reject) => {
      child.on('message', (report: Report) => {
        if (report.kind === 'knows') return this.#note(life, report.instances);
        if (report.kind === 'refused') return void this.refused.set(report.requestID, report.address);
        life.address = report.address;
        life.upAt = this.#tell(`${nameOf(life)} is up`);
        resolve(life);
      });
      child.on('exit', (code, signal) => {
        if (life.killedAt !== undefined) return resolve(life);
        life.killedAt = performance.now();
        reject(new Error(`${name} ${slot?.service ?? ''} ended by itself: ${signal ?? `status ${code}`}`));
      });
    });
  }

  /** Notes an event. Returns its time. */
  #tell(what: string): number {
    const at = performance.now();
    this.events.push({ at, what });
    return at;
  }

  /** Notes what one process knows now. */
  #note({ pid: reporter }: Life, instances: readonly string[]): void {
    const now = performance.now();
    const known = new Set(instances.map((each) => Number(each.split('#')[1])));
    for (const life of this.lives.values()) {
      if (known.has(life.pid)) {
        if (!life.knownSince.has(reporter)) life.knownSince.set(reporter, now);
      } else if (life.knownSince.delete(reporter) && life.killedAt === undefined) {
        this.drops.push({ at: now, by: reporter, life });
        this.#tell(`${nameOf(life)} was dropped by ${nameOf(this.lives.get(reporter) as Life)}`);
      }
    }
  }
}

function nameOf({ name, slot, port, pid }: Life): string {
  return slot ? `${slot.lane} ${slot.service} ${pid} at ${port}` : name;
}
