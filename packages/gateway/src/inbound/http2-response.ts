import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { Writable } from 'node:stream';
import type { Http2Request } from './http2-request.ts';

type Lines = readonly OutgoingHttpHeader[];

/** Headers that HTTP/2 does not have: RFC 9113 §8.2.2. */
const NOT_IN_HTTP2 = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
]);

/** Statuses that have no body: RFC 9110 §6.4.1. */
const BODILESS = new Set([204, 205, 304]);

/**
 * An answer of HTTP/2 with the methods of a `ServerResponse` that the gateway uses. The head goes out with the first part of
 * the body or at the end of the event loop's turn, so that one without a body is a single frame: gRPC tells its
 * trailers-only answers by that.
 */
export class Http2Response extends Writable implements Pick<ServerResponse, UsedOfResponse> {
  readonly #stream: ServerHttp2Stream;
  readonly req: ServerResponse['req'];
  statusCode = 200;
  /** HTTP/2 has none: RFC 9113 §8.3.2. */
  statusMessage = '';
  headersSent = false;
  /** Of the connection, and so for HTTP/1.1 only. */
  shouldKeepAlive = true;
  #headers: OutgoingHttpHeaders = {};
  #trailers: OutgoingHttpHeaders = {};
  #continued = false;

  constructor(stream: ServerHttp2Stream, request: Http2Request) {
    super({ autoDestroy: false, decodeStrings: true });
    this.#stream = stream;
    this.req = request as ServerResponse['req'];
    stream.on('wantTrailers', () => this.#sendTrailers());
    this.on('error', () => {}); // who waits for it is told by its close
    stream.on('error', () => {});
    stream.on('close', () => this.destroy());
  }

  get socket(): ServerResponse['socket'] {
    return this.req.socket;
  }

  writeContinue(): void {
    if (!this.#continued) this.writeInformation(100);
    this.#continued = true;
  }

  /** An interim answer. */
  writeInformation(status: number, headers: OutgoingHttpHeaders | Lines = {}): void {
    if (this.#open && !this.headersSent) this.#stream.additionalHeaders({ ':status': status, ...readHeaders(headers) });
  }

  writeEarlyHints(headers: OutgoingHttpHeaders): void {
    this.writeInformation(103, headers);
  }

  setHeader(name: string, value: OutgoingHttpHeader): this {
    this.#headers[name.toLowerCase()] = value;
    return this;
  }

  getHeader(name: string): OutgoingHttpHeader | undefined {
    return this.#headers[name.toLowerCase()];
  }

  writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | Lines,
    headers?: OutgoingHttpHeaders | Lines,
  ): this {
    const given = typeof reason === 'string' ? headers : (reason ?? headers);
    this.statusCode = status;
    this.headersSent = true;
    this.#headers = { ...this.#headers, ...readHeaders(given ?? {}) };
    process.nextTick(() => {
      if (!this.writableEnded) this.flushHeaders();
    });
    return this;
  }

  flushHeaders(): void {
    this.#respond(false);
  }

  /** Lines or an object, to be sent behind the body. */
  addTrailers(trailers: OutgoingHttpHeaders | Lines | readonly (readonly [string, string])[]): void {
    this.#trailers = readHeaders(Array.isArray(trailers) ? trailers.flat() : (trailers as OutgoingHttpHeaders));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#respond(false);
    if (!this.#open || this.#bodiless) done();
    else this.#stream.write(chunk, () => done()); // not sooner: the chunk's memory may be lent until then
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#respond(Object.keys(this.#trailers).length === 0);
    if (!this.#open) return done();
    this.#stream.once('finish', () => {
      done();
      setImmediate(() => this.#stopUpload());
    });
    this.#stream.end();
  }

  /** Before it is complete, this resets the stream. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;
    if (this.#open) this.#stream.close(this.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_INTERNAL_ERROR);
    process.nextTick(done, error);
  }

  get #open(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  get #bodiless(): boolean {
    return this.req.method === 'HEAD' || BODILESS.has(this.statusCode);
  }

  #respond(endStream: boolean): void {
    this.headersSent = true;
    if (!this.#open || this.#stream.headersSent) return;
    const alone = endStream || this.#bodiless;
    try {
      this.#stream.respond(
        { ...this.#headers, ':status': this.statusCode },
        { endStream: alone, waitForTrailers: !alone },
      );
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #sendTrailers(): void {
    if (this.#open) this.#stream.sendTrailers(this.#trailers);
  }

  /** A client need not go on with a request that is answered: RFC 9113 §8.1. Not before the answer's end is on its way. */
  #stopUpload(): void {
    if (!this.#open || this.req.complete) return;
    if (this.#stream.state.localClose === 1) this.#stream.close(constants.NGHTTP2_NO_ERROR);
    else setTimeout(() => this.#stopUpload(), 5).unref();
  }
}

type UsedOfResponse =
  | 'req'
  | 'socket'
  | 'statusCode'
  | 'statusMessage'
  | 'headersSent'
  | 'shouldKeepAlive'
  | 'writeContinue'
  | 'flushHeaders';

/** Headers by name in lower case, from lines or an object, those left out that HTTP/2 does not have. */
function readHeaders(headers: OutgoingHttpHeaders | Lines): OutgoingHttpHeaders {
  const lines = Array.isArray(headers) ? (headers as Lines) : Object.entries(headers as OutgoingHttpHeaders).flat(1);
  const read: Record<string, OutgoingHttpHeader> = {};
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = String(lines[at]).toLowerCase();
    const value = lines[at + 1] as OutgoingHttpHeader | undefined;
    if (value === undefined || NOT_IN_HTTP2.has(name)) continue;
    const before = read[name];
    read[name] = before === undefined ? value : [before, value].flat().map(String);
  }
  return read;
}
