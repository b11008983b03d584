import type { Duplex } from 'node:stream';
import type { Exchange, UpstreamFailure, UpstreamHandler, UpstreamRequest } from '../upstream.ts';
import type { AnswerHead } from './answer-head.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import type { RequestHead } from './request-head.ts';

/** The methods that may be sent twice: RFC 9110 §9.2.2. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'PUT':
    case 'DELETE':
    case 'OPTIONS':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

/** What an exchange is at the moment with: a queue, or a connection. */
export interface ExchangeHost {
  onAbort(exchange: HttpExchange): void;
  onResume(): void;
}

/** One request, its answer, and where it is. */
export class HttpExchange implements Exchange, Timed {
  readonly request: UpstreamRequest;
  readonly head: RequestHead;
  deadline: number = Number.POSITIVE_INFINITY;
  /** Whether it was sent over a connection that had been used before and was then found closed. */
  repeated = false;
  readonly #handler: UpstreamHandler;
  #host: ExchangeHost | undefined;
  #over = false;

  constructor(request: UpstreamRequest, head: RequestHead, handler: UpstreamHandler) {
    this.request = request;
    this.head = head;
    this.#handler = handler;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether it may be sent once more although an instance may have got it. */
  get replayable(): boolean {
    const { method, body } = this.request;
    return !this.repeated && isIdempotent(method) && !body?.readableDidRead;
  }

  /** Whether the answer is for a handler that takes a connection over. */
  get upgrades(): boolean {
    return this.request.upgrade !== undefined && this.#handler.onUpgrade !== undefined;
  }

  moveTo(host: ExchangeHost | undefined): void {
    this.#host = host;
  }

  /** Waits for a connection, but not for longer than this. */
  wait(deadlines: Deadlines, ms: number): void {
    deadlines.add(this);
    deadlines.set(this, ms);
  }

  onDeadline(): void {
    const host = this.#host;
    this.fail('overloaded', new Error('no connection became free in time'));
    host?.onAbort(this);
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#host?.onAbort(this);
  }

  resume(): void {
    this.#host?.onResume();
  }

  onInformation({ status, reason, lines }: AnswerHead): void {
    if (!this.#over) this.#handler.onInformation?.(status, reason, lines);
  }

  onHead({ status, reason, lines }: AnswerHead): void {
    if (!this.#over) this.#handler.onHead(status, reason, lines);
  }

  onData(chunk: Buffer, last: boolean, done?: () => void): boolean {
    if (!this.#over) return this.#handler.onData(chunk, last, done);
    done?.();
    return true;
  }

  onEnd(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.onEnd(trailers);
  }

  onUpgrade({ reason, lines }: AnswerHead, connection: Duplex, head: Buffer): void {
    this.#over = true;
    this.#handler.onUpgrade?.(reason, lines, connection, head);
  }

  fail(failure: UpstreamFailure, error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.onError(failure, error);
  }
}
