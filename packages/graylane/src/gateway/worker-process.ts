import cluster, { type Worker } from 'node:cluster';
import { GraylaneError } from '@graylane/core';
import type { MetricValues } from '@graylane/gateway';
import type { EjectionNews } from '@graylane/node';
import type { Configuration } from './configuration.ts';
import type { Question, ToPrimary, ToWorker } from './messages.ts';
import type { LogFormat } from './request-log.ts';

/** How long a worker may take to answer, in milliseconds. */
const ANSWER_MS = 2_000;

/** What the primary is told of a worker. */
export interface WorkerListener {
  onEjection(news: EjectionNews): void;
  onNotice(text: string): void;
  /** It ended. */
  onExit(worker: WorkerProcess): void;
}

/** A worker, seen from the primary. */
export class WorkerProcess {
  /** Resolves with where it listens, for people. Rejects with the reason when it ends before. */
  readonly listening: Promise<string>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly startedAt: number = performance.now();
  /** What it counted, as far as that was seen. */
  counted: MetricValues = [];
  /** Whether it was asked to end. */
  ending = false;
  readonly #worker: Worker;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #lastID = 0;

  constructor(configuration: Configuration, log: LogFormat, listener: WorkerListener) {
    const started = Promise.withResolvers<string>();
    const ended = Promise.withResolvers<void>();
    started.promise.catch(() => {});
    this.listening = started.promise;
    this.ended = ended.promise;
    this.#worker = cluster.fork();
    this.#worker.on('message', (message: ToPrimary) => {
      switch (message.kind) {
        case 'listening':
          return started.resolve(message.where);
        case 'failed':
          return started.reject(failureOf(message));
        case 'answer':
          return this.#asked.get(message.id)?.resolve(message.value);
        case 'no-answer':
          return this.#asked.get(message.id)?.reject(failureOf(message));
        case 'ejection':
          return listener.onEjection(message.news);
        case 'notice':
          return listener.onNotice(message.text);
        case 'counted':
          this.counted = message.values as MetricValues;
      }
    });
    this.#worker.on('error', () => {}); // it cannot be told any more; its exit is what counts
    this.#worker.once('exit', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
      started.reject(new Error(`The worker ${this.pid} ${how} before it listened.`));
      for (const { reject } of this.#asked.values()) reject(new Error('The worker has ended.'));
      listener.onExit(this);
      ended.resolve();
    });
    this.#tell({ kind: 'start', path: configuration.path, text: configuration.text, log });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  apply({ path, text }: Configuration): void {
    this.#tell({ kind: 'apply', path, text });
  }

  hearEjection(news: EjectionNews): void {
    this.#tell({ kind: 'ejection', news });
  }

  end(drainMs: number): Promise<void> {
    this.ending = true;
    this.#tell({ kind: 'end', drainMs });
    return this.ended;
  }

  kill(): void {
    this.ending = true;
    this.#worker.process.kill('SIGKILL');
  }

  /** Asks what an admin server asks. Rejects when there is no answer in time. */
  async ask(question: Question, about?: unknown): Promise<unknown> {
    if (!this.#worker.isConnected()) throw new Error(`The worker ${this.pid} has ended.`);
    const id = ++this.#lastID;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(id, asked);
    const timer = setTimeout(() => asked.reject(new Error(`The worker ${this.pid} does not answer.`)), ANSWER_MS);
    this.#tell({ kind: 'ask', id, question, about });
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  #tell(message: ToWorker): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {});
  }
}

function failureOf({ code, text }: { code: string; text: string }): Error {
  return code === 'GL_CONFIG_INVALID' ? new GraylaneError(code, text) : new Error(text);
}
