import { type ChildProcess, fork } from 'node:child_process';
import { flushCompileCache } from 'node:module';

/** What the test tells the gateway to do. Each is answered when it is done. */
export type GatewayOrder =
  | { readonly kind: 'instances'; readonly instances: readonly unknown[] }
  | { readonly kind: 'policy'; readonly revision: number }
  | { readonly kind: 'reconfigure'; readonly step: number }
  | { readonly kind: 'measure' };

/** What the test tells the load to do. */
export type LoadOrder =
  | { readonly kind: 'start'; readonly ports: Ports; readonly requests: number; readonly seed: number }
  /** From now on, one of these revisions is in force. */
  | { readonly kind: 'revisions'; readonly revisions: readonly number[] };

/** Where the gateway listens. */
export interface Ports {
  readonly http1: number;
  readonly http2: number;
}

/** How the gateway's process is. */
export interface Measure {
  readonly heapMB: number;
  readonly externalMB: number;
  readonly rssMB: number;
  /** Connections of clients, and requests whose answers are not out. */
  readonly connections: number;
  readonly requests: number;
  /** What keeps the process busy, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

/** A request that the gateway could not serve, or not to the end. */
export interface Refused {
  readonly request: number;
  /** What the client was told: 200 when the answer had begun. */
  readonly status: number;
  /** The process that was tried last. */
  readonly pid: number | undefined;
  readonly detail: string;
}

/** A request whose client did not get the whole answer. Times as {@link now}. */
export interface Failure {
  readonly request: number;
  readonly kind: string;
  /** Whether it can be sent twice, and as often as one likes: no body, and nothing happens by it. */
  readonly safe: boolean;
  readonly start: number;
  readonly end: number;
  /** 0 when none came. */
  readonly status: number;
  /** The instance that had begun to answer. */
  readonly pid: number | undefined;
  readonly what: string;
}

/** What a program tells the test by itself. */
export type Report =
  | { readonly kind: 'up'; readonly ports?: Ports; readonly port?: number }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'violation'; readonly what: string }
  /** The instance has acted on these requests, which may be done once only. */
  | { readonly kind: 'acted'; readonly requests: readonly number[] }
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'ended'; readonly counts: Readonly<Record<string, number>> };

/** A program of the test, in a process of its own. */
export class Program {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly #waiting = new Map<number, (reply: unknown) => void>();
  #orders = 0;

  constructor(
    name: string,
    variables: Readonly<Record<string, string>>,
    onReport: (report: Report, program: Program) => void,
    flags: readonly string[] = [],
  ) {
    this.child = fork(new URL(`${name}.ts`, import.meta.url), {
      execArgv: ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning', ...flags],
      env: { ...process.env, ...variables },
    });
    this.pid = this.child.pid as number;
    this.child.on('message', (message: Report | Reply) => {
      if (!('order' in message)) return onReport(message, this);
      this.#waiting.get(message.order)?.(message.reply);
      this.#waiting.delete(message.order);
    });
  }

  /** Resolves with the answer when it is done. */
  ask(order: GatewayOrder | LoadOrder): Promise<unknown> {
    const number = ++this.#orders;
    this.child.send({ number, order });
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }
}

interface Reply {
  readonly order: number;
  readonly reply: unknown;
}

/** Tells the test something; a program that lost its test has no reason to live. */
export function tell(report: Report): void {
  if (report.kind === 'up') flushCompileCache(); // whoever is killed has no other occasion
  process.send?.(report, (error: Error | null) => error && process.exit(1));
}

/** Does what the test orders, and answers. */
export function obey<Order>(act: (order: Order) => unknown): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ number, order }: { number: number; order: Order }) => {
    process.send?.({ order: number, reply: await act(order) });
  });
}
