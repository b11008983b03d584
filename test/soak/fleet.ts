import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.ts';
import { type GatewayOrder, type Measure, Program, type Report } from './messages.ts';

/** One process of an instance, from its start to its end. Times as {@link now}. */
export interface Life {
  readonly lane: string;
  readonly program: Program;
  port: number;
  /** When it was killed, or told to go. */
  endedAt: number;
  /** When its process was gone. */
  goneAt: number;
  killed: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/** How long an instance that was killed stays listed, as where its registration has to run out. */
const LISTED_MS = 400;

/** How long an instance that leaves waits between being taken off the list and its end: what is on its way still arrives. */
const DRAIN_MS = 200;

/** The processes of the test: starts them, ends them, and tells the gateway of them. */
export class Fleet {
  readonly lives = new Map<number, Life>();
  /** What happened, in order. */
  readonly events: { readonly at: number; readonly what: string }[] = [];
  readonly #onReport: (report: Report) => void;
  readonly #listed = new Map<Life, 'ready' | 'draining'>();
  readonly #programs = new Set<Program>();
  readonly #directory = mkdtempSync(join(tmpdir(), 'graylane-soak-'));
  readonly #lost = Promise.withResolvers<never>();
  #gateway: Program | undefined;
  /** Below those that the system gives to outgoing connections. */
  #nextPort = 26_000 + (process.pid % 4_000);
  #closed = false;

  constructor(onReport: (report: Report) => void) {
    this.#onReport = onReport;
    this.lost.catch(() => {});
  }

  /** Rejects when a program ends without which nothing goes on. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Those of a lane that are up and listed as ready. */
  ready(lane: string): Life[] {
    return [...this.#listed].flatMap(([life, state]) =>
      life.lane === lane && state === 'ready' && life.endedAt === NEVER ? [life] : [],
    );
  }

  /** Starts a program; resolves with what it says when it is up. */
  start(name: string, variables: Readonly<Record<string, string>> = {}, flags: readonly string[] = []) {
    return new Promise<{ program: Program; report: Extract<Report, { kind: 'up' }> }>((resolve, reject) => {
      const onReport = (report: Report): void => {
        if (report.kind === 'up') resolve({ program, report });
        else this.#onReport(report);
      };
      const env = { ...variables, NODE_COMPILE_CACHE: join(this.#directory, 'compiled') };
      const program = new Program(name, env, onReport, flags);
      this.#programs.add(program);
      if (name === 'load') resolve({ program, report: { kind: 'up' } });
      program.child.on('exit', (code, signal) => {
        const error = new Error(`the ${name} ended by itself: ${signal ?? `status ${code}`}`);
        if (this.#programs.delete(program) && name !== 'instance') this.#lost.reject(error);
        reject(error);
      });
    });
  }

  async startGateway() {
    const { program, report } = await this.start('gateway', {}, ['--expose-gc']);
    this.#gateway = program;
    if (!report.ports) throw new Error('the gateway does not listen');
    return report.ports;
  }

  /** Starts an instance, at the port that another had if that is given and free; resolves when the gateway knows it. */
  async startInstance(lane: string, port = this.#nextPort++): Promise<void> {
    if (this.#closed) return;
    const started = await this.start('instance', { LANE: lane, PORT: String(port) }).catch(() => undefined);
    if (!started) return this.startInstance(lane);
    const { program, report } = started;
    const life: Life = { lane, program, port: report.port ?? port, endedAt: NEVER, goneAt: NEVER, killed: false };
    this.lives.set(program.pid, life);
    program.child.on('exit', () => {
      life.goneAt = now();
    });
    this.tellEvent(`${nameOf(life)} is up`);
    this.#listed.set(life, 'ready');
    await this.#tellInstances();
  }

  /** Kills an instance, of which the gateway is told a while later. */
  async kill(life: Life): Promise<void> {
    life.killed = true;
    life.endedAt = this.tellEvent(`${nameOf(life)} is killed`);
    life.program.child.kill('SIGKILL');
    await sleep(LISTED_MS);
    this.#listed.delete(life);
    await this.#tellInstances();
  }

  /** Has an instance leave politely. */
  async drain(life: Life): Promise<void> {
    this.tellEvent(`${nameOf(life)} leaves`);
    this.#listed.set(life, 'draining');
    await this.#tellInstances();
    await sleep(DRAIN_MS);
    this.#listed.delete(life);
    await this.#tellInstances();
    life.endedAt = this.tellEvent(`${nameOf(life)} is told to end`);
    life.program.child.kill('SIGTERM');
    while (life.goneAt === NEVER && !this.#closed) await sleep(20);
  }

  /** Ends a program that has done its work. */
  stop(program: Program): void {
    this.#programs.delete(program);
    program.child.kill();
  }

  async order(order: GatewayOrder): Promise<unknown> {
    return this.#closed ? undefined : this.#gateway?.ask(order);
  }

  measure(): Promise<Measure> {
    return this.order({ kind: 'measure' }) as Promise<Measure>;
  }

  /** Notes an event. Returns its time. */
  tellEvent(what: string): number {
    const at = now();
    this.events.push({ at, what });
    return at;
  }

  /** Ends all; whoever was to come back later does not. */
  close(): void {
    this.#closed = true;
    for (const program of this.#programs) {
      this.#programs.delete(program);
      program.child.kill('SIGKILL');
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 }); // somebody may have been writing there
  }

  async #tellInstances(): Promise<void> {
    const instances = [...this.#listed].map(([{ lane, port, program }, state]) => ({
      service: 'shop',
      host: '127.0.0.1',
      port,
      lane,
      state,
      metadata: { pid: String(program.pid) },
    }));
    await this.order({ kind: 'instances', instances });
  }
}

function nameOf({ lane, port, program }: Life): string {
  return `${lane} ${program.pid} at ${port}`;
}
