import type { Duplex } from 'node:stream';
import type { Outcome } from '@graylane/core';
import { answerLines, pairsOf, trailerLines } from './answer-lines.ts';
import { type BodyListener, hasBody, RequestBody } from './body.ts';
import { sendEarlyHints } from './early-hints.ts';
import { type Attempt, FAILURES, type ProxyJob } from './proxy-job.ts';
import { joinTunnel } from './tunnel.ts';
import { takeConnection } from './upgrade.ts';
import { isIdempotent } from './upstream/http-exchange.ts';
import type { Exchange, Upstream, UpstreamFailure, UpstreamHandler, UpstreamRequest } from './upstream.ts';

/** How often a request is sent, each time to another instance if there is one. */
const MAX_ATTEMPTS = 3;

/** Up to this size, the last part of a body is sent as a text. */
const WHOLE_BYTES = 16_384;

/**
 * Sends a request to an instance and its answer to the client, streaming both ways with back-pressure. When nothing was
 * sent, the next instance is tried; when a request may have arrived but was not answered, another instance is, if sending
 * it twice does no harm and not too many are (RFC 9110 §9.2.2). An answer that has begun is the answer. Either side's end
 * ends the other.
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
  #message: UpstreamRequest | undefined;
  /** Whether a part of the answer's body has come. */
  #begun = false;
  /** Whether `resume` is called when the client has read on. */
  #listening = false;
  /** Whether it has ended, one way or another. */
  #over = false;

  constructor(upstream: Upstream, job: ProxyJob, first: Attempt) {
    this.#upstream = upstream;
    this.#job = job;
    this.#attempt = first;
  }

  start(): void {
    const { request, response, bodyLimit, target, lines, upgrade, retries, answerMs } = this.#job;
    if (Number(request.headers['content-length'] ?? 0) > bodyLimit) return this.onTooLarge();
    if (hasBody(request)) this.#body = new RequestBody(request, bodyLimit, this);
    response.on('close', () => this.#abort());
    retries?.onRequest();
    this.#message = {
      method: request.method ?? 'GET',
      target,
      lines,
      body: this.#body,
      trailers: () => trailerLines(request.rawTrailers),
      upgrade: upgrade?.protocol,
      ...(answerMs !== undefined && { answerMs }),
    };
    this.#send(this.#message);
  }

  #send(message: UpstreamRequest): void {
    this.#attempts++;
    this.#exchange = this.#upstream.send(this.#attempt.instance, message, this);
  }

  onInformation(status: number, _reason: string, lines: readonly string[]): void {
    const { request, response } = this.#job;
    if (status === 103) sendEarlyHints(response, lines);
    else if (status === 102 && request.httpVersion === '1.1' && !response.headersSent) response.writeProcessing();
  }

  onHead(status: number, reason: string, lines: readonly string[]): void {
    const { response, extraLines } = this.#job;
    const kept = answerLines(lines, status, response);
    response.writeHead(status, reason, extraLines ? [...kept, ...extraLines(this.#attempt.instance)] : kept);
    process.nextTick(Relay.#sendHead, this);
  }

  /** The body may be long in coming, as with server-sent events: the head does not wait for it. */
  static #sendHead(relay: Relay): void {
    if (!relay.#begun && !relay.#over) relay.#job.response.flushHeaders();
  }

  onData(chunk: Buffer, last: boolean, done?: () => void): boolean {
    const { response } = this.#job;
    this.#begun = true;
    if (last) {
      // Node joins a text with the head and writes once; what is large is better not copied.
      if (chunk.length > WHOLE_BYTES) response.end(chunk, done);
      else {
        response.end(chunk.toString('latin1'), 'latin1');
        done?.();
      }
      return true;
    }
    if (response.write(chunk, done)) return true;
    if (!this.#listening) response.on('drain', () => this.#exchange?.resume());
    this.#listening = true;
    return false;
  }

  onEnd(trailers: readonly string[]): void {
    const { response } = this.#job;
    this.#end('ok');
    this.#body?.destroy();
    if (response.writableEnded) return;
    if (trailers.length > 0) response.addTrailers(pairsOf(trailerLines(trailers)));
    response.end();
  }

  onUpgrade(reason: string, lines: readonly string[], connection: Duplex, head: Buffer): void {
    const { response, upgrade, tunnelIdleMs } = this.#job;
    if (!upgrade || this.#over) return void connection.destroy();
    const protocol = lines[lines.findIndex((line, at) => at % 2 === 0 && line.toLowerCase() === 'upgrade') + 1];
    const kept = answerLines(lines, 101, response);
    response.writeHead(101, reason, [...kept, 'Connection', 'Upgrade', 'Upgrade', protocol ?? upgrade.protocol]);
    response.flushHeaders();
    const client = takeConnection(upgrade);
    if (head.length > 0) client.write(head);
    if (upgrade.head.length > 0) connection.write(upgrade.head);
    this.#over = true;
    joinTunnel(client, connection, { idleMs: tunnelIdleMs }, () => this.#attempt.end('ok'));
  }

  onError(failure: UpstreamFailure, { message }: Error): void {
    const { instance } = this.#attempt;
    this.#attempt.end(failure === 'connect-failed' || failure === 'timeout' ? failure : undefined);
    const next = this.#attempts < MAX_ATTEMPTS ? this.#another(failure) : undefined;
    if (next) {
      this.#attempt = next;
      return this.#send(this.#message as UpstreamRequest);
    }
    this.#over = true;
    this.#body?.destroy();
    const { code, what } = FAILURES[failure];
    this.#job.refuse(code, `${instance.service} ${what}`, `${instance.host}:${instance.port}: ${message}`);
  }

  /** The instance to send the request to again, if it may be. */
  #another(failure: UpstreamFailure): Attempt | undefined {
    const { request, response, next, retries } = this.#job;
    if (failure === 'connect-failed' || failure === 'overloaded') return next();
    if (failure === 'broken' || response.headersSent || this.#body) return undefined;
    if (!retries || !isIdempotent(request.method ?? '')) return undefined;
    const other = next();
    if (!other || (other.instance.id !== this.#attempt.instance.id && retries.spend())) return other;
    other.end();
    return undefined;
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
