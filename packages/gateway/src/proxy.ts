import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, Instance, Outcome } from '@graylane/core';
import { type BodyListener, hasBody, RequestBody } from './body.ts';
import { hopByHop } from './hop-by-hop.ts';
import type { Exchange, Upstream, UpstreamFailure, UpstreamHandler } from './upstream.ts';

/** An instance that was picked, and how to say how the call to it went. */
export interface Attempt {
  readonly instance: Instance;
  readonly end: (outcome?: Outcome) => void;
}

/** What is proxied. */
export interface ProxyJob {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query. */
  readonly target: string;
  /** Header lines for the instance. */
  readonly lines: readonly string[];
  /** In bytes. */
  readonly bodyLimit: number;
  /** The next instance to try; undefined when there is none. */
  readonly next: () => Attempt | undefined;
  /** Answers with an error. The message is for the client; the detail, which may name an instance, is for the log. */
  readonly refuse: (code: ErrorCode, message: string, detail?: string) => void;
}

/** How often a request is sent to yet another instance when no connection came about. */
const MAX_ATTEMPTS = 3;

/**
 * Sends a request to an instance and its answer to the client, streaming both ways with back-pressure. When no connection
 * to the instance comes about, nothing was sent, so the next instance is tried; in every other case the instance may have
 * acted on the request, and it is not sent again. Either side's end ends the other.
 */
export function proxy(upstream: Upstream, job: ProxyJob, first: Attempt): void {
  new Relay(upstream, job, first).start();
}

class Relay implements UpstreamHandler, BodyListener {
  readonly #upstream: Upstream;
  readonly #job: ProxyJob;
  #body: RequestBody | undefined;
  #attempt: Attempt;
  #attempts = 0;
  #exchange: Exchange | undefined;
  /** Whether it has ended, one way or another. */
  #over = false;

  constructor(upstream: Upstream, job: ProxyJob, first: Attempt) {
    this.#upstream = upstream;
    this.#job = job;
    this.#attempt = first;
  }

  start(): void {
    const { request, response, bodyLimit } = this.#job;
    if (Number(request.headers['content-length'] ?? 0) > bodyLimit) return this.onTooLarge();
    if (hasBody(request)) this.#body = new RequestBody(request, bodyLimit, this);
    response.on('drain', () => this.#exchange?.resume());
    response.on('close', () => this.#abort());
    this.#send();
  }

  #send(): void {
    const { request, target, lines } = this.#job;
    const message = { method: request.method ?? 'GET', target, lines, body: this.#body };
    this.#attempts++;
    this.#exchange = this.#upstream.send(this.#attempt.instance, message, this);
  }

  onHead(status: number, reason: string, lines: readonly string[]): void {
    this.#job.response.writeHead(status, reason, answerLines(lines));
  }

  onData(chunk: Buffer): boolean {
    return this.#job.response.write(chunk);
  }

  onEnd(): void {
    this.#end('ok');
    this.#job.response.end();
  }

  onError(failure: UpstreamFailure, { message }: Error): void {
    const { instance } = this.#attempt;
    this.#attempt.end(failure === 'broken' ? undefined : failure);
    const next = failure === 'connect-failed' && this.#attempts < MAX_ATTEMPTS ? this.#job.next() : undefined;
    if (next) {
      this.#attempt = next;
      return this.#send();
    }
    this.#over = true;
    this.#body?.destroy();
    const { code, what } = FAILURES[failure];
    this.#job.refuse(code, `${instance.service} ${what}`, `${instance.host}:${instance.port}: ${message}`);
  }

  onWanted(): void {
    const { request, response } = this.#job;
    if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
  }

  onTooLarge(): void {
    if (this.#over) {
      this.#job.request.destroy(); // the answer is given, and the client sends without end
      return;
    }
    this.#abort();
    this.#job.refuse('GL_BODY_TOO_LARGE', `the body is larger than ${this.#job.bodyLimit} bytes`);
  }

  /** Ends without blaming the instance. */
  #abort(): void {
    if (this.#over) return;
    this.#end();
    this.#exchange?.abort();
    this.#body?.destroy();
  }

  #end(outcome?: Outcome): void {
    this.#over = true;
    this.#attempt.end(outcome);
  }
}

/** What the client is told of a failure. */
const FAILURES = {
  'connect-failed': { code: 'GL_UPSTREAM_CONNECT', what: 'cannot be reached' },
  timeout: { code: 'GL_UPSTREAM_TIMEOUT', what: 'did not answer in time' },
  broken: { code: 'GL_UPSTREAM_FAILED', what: 'broke off' },
} as const satisfies Record<UpstreamFailure, { code: ErrorCode; what: string }>;

function answerLines(lines: readonly string[]): string[] {
  const endsHere = hopByHop(lines);
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    if (!endsHere((lines[at] as string).toLowerCase())) kept.push(lines[at] as string, lines[at + 1] as string);
  }
  return kept;
}
