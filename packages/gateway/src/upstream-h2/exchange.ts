import { STATUS_CODES } from 'node:http';
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Exchange, UpstreamFailure, UpstreamHandler, UpstreamRequest, UpstreamTimeouts } from '../upstream.ts';
import { BodySender } from './body-sender.ts';
import { fieldsOf, headersOf, linesOf, statusOf } from './headers.ts';
import type { Link } from './link.ts';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } = constants;

/** How often a request that was refused without being looked at is sent to the same instance again. */
const MAX_REFUSALS = 3;

/** Where an exchange goes. */
export interface Destination {
  readonly scheme: string;
  readonly authority: string;
  readonly timeouts: UpstreamTimeouts;
  /** A link with room, or one that is opening. */
  link(): Link;
}

/** A request and its answer on a stream of HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly #request: UpstreamRequest;
  readonly #handler: UpstreamHandler;
  readonly #destination: Destination;
  readonly #body: BodySender | undefined;
  #stream: ClientHttp2Stream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refusals = 0;
  #answered = false;
  #over = false;

  constructor(request: UpstreamRequest, handler: UpstreamHandler, destination: Destination) {
    this.#request = request;
    this.#handler = handler;
    this.#destination = destination;
    this.#body = request.body && new BodySender(request.body, () => this.#waitForHead());
  }

  abort(): void {
    if (this.#over) return;
    this.#finish();
    this.#stream?.close(NGHTTP2_CANCEL);
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Looks for a connection, and sends the request as soon as there is one. */
  start(): void {
    const link = this.#destination.link();
    link.whenReady((error) => {
      if (this.#over) return;
      if (error) this.#fail('connect-failed', error);
      else if (link.hasRoom) this.#send(link);
      else this.start();
    });
  }

  #send(link: Link): void {
    const { body, trailers } = this.#request;
    const { scheme, authority } = this.#destination;
    let stream: ClientHttp2Stream;
    try {
      const headers = headersOf(this.#request, scheme, authority);
      stream = link.session.request(headers, { endStream: !body, waitForTrailers: Boolean(body && trailers) });
    } catch (error) {
      return this.#fail('broken', error as Error); // it cannot be sent to anybody
    }
    this.#stream = stream;
    stream.once('close', link.begin());
    this.#listen(stream, link);
    if (this.#body) this.#body.sendTo(stream);
    else this.#waitForHead();
  }

  #listen(stream: ClientHttp2Stream, link: Link): void {
    let broken: Error | undefined;
    stream.on('headers', (headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      const status = statusOf(headers);
      if (!this.#over) this.#handler.onInformation?.(status, STATUS_CODES[status] ?? '', linesOf(raw));
    });
    stream.on('response', (headers: IncomingHttpHeaders, flags: number, raw: string[]) =>
      this.#onHead(statusOf(headers), linesOf(raw), (flags & NGHTTP2_FLAG_END_STREAM) !== 0),
    );
    stream.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      this.#timer?.refresh();
      if (!this.#handler.onData(chunk, false)) stream.pause();
    });
    let trailers: string[] = [];
    stream.on('trailers', (_trailers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      trailers = linesOf(raw);
    });
    stream.on('wantTrailers', () => {
      if (!stream.closed) stream.sendTrailers(fieldsOf(this.#request.trailers?.() ?? []));
    });
    stream.on('end', () => {
      if (stream.rstCode === NGHTTP2_NO_ERROR && this.#answered) this.#succeed(trailers);
    });
    stream.on('error', (error) => {
      broken = error;
    });
    stream.on('close', () =>
      this.#onClose(stream, link.session.destroyed, broken ?? new Error('the stream was closed')),
    );
  }

  #onHead(status: number, lines: readonly string[], last: boolean): void {
    if (this.#over) return;
    this.#answered = true;
    this.#body?.forget();
    const { idleMs } = this.#destination.timeouts;
    this.#limit(idleMs);
    this.#handler.onHead(status, STATUS_CODES[status] ?? '', lines);
    if (last) this.#succeed([]); // at once: whoever passes it on sees that the head is all
  }

  #onClose(stream: ClientHttp2Stream, connectionLost: boolean, error: Error): void {
    if (this.#over || stream !== this.#stream) return;
    if (stream.rstCode === NGHTTP2_REFUSED_STREAM && !this.#answered) return this.#again(error);
    this.#fail(!this.#answered && connectionLost ? 'unanswered' : 'broken', error);
  }

  /** The instance has not looked at the request: RFC 9113 §8.7. */
  #again(error: Error): void {
    const whole = !this.#body || this.#body.repeatable;
    this.#body?.stop();
    clearTimeout(this.#timer);
    if (whole && this.#refusals++ < MAX_REFUSALS) this.start();
    else this.#fail(this.#body?.untouched === false ? 'broken' : 'connect-failed', error);
  }

  #succeed(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#finish();
    this.#handler.onEnd(trailers);
    if (!this.#stream?.writableEnded) this.#stream?.close(NGHTTP2_NO_ERROR); // it is answered without the rest
  }

  #fail(failure: UpstreamFailure, error: Error): void {
    if (this.#over) return;
    const touched = failure === 'connect-failed' && this.#body?.untouched === false;
    this.#finish();
    this.#handler.onError(touched ? 'broken' : failure, error);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#body?.stop();
  }

  #waitForHead(): void {
    if (!this.#answered && !this.#over) this.#limit(this.#request.answerMs ?? this.#destination.timeouts.answerMs);
  }

  #limit(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#over) return;
      this.#fail('timeout', new Error(`nothing came for ${ms} ms`));
      this.#stream?.close(NGHTTP2_CANCEL);
    }, ms).unref();
  }
}
