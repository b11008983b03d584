import { IncomingMessage } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** The head of a request as Node tells it with the event `stream`. */
export interface Http2Head {
  readonly headers: IncomingHttpHeaders;
  readonly flags: number;
  /** `[name, value, …]`, pseudo-headers among them. */
  readonly lines: readonly string[];
}

/**
 * A request of HTTP/2 as the one of HTTP/1.1 that it means (RFC 9113 §8), so that the gateway knows one kind of requests
 * only. Its Host is `:authority`; a `Host` that says something else stands beside it, so that the request has two and is
 * refused as such. A body whose length is not told is one in chunks, though no header line says so.
 */
export class Http2Request extends IncomingMessage {
  readonly #stream: ServerHttp2Stream;
  /** Bytes of the body that have come. */
  received = 0;

  constructor(stream: ServerHttp2Stream, { headers, flags, lines }: Http2Head, socket: Socket) {
    super(socket);
    this.#stream = stream;
    this.httpVersion = '1.1';
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.method = headers[':method'] ?? '';
    this.url = headers[':path'] ?? '';
    this.rawHeaders = plainLines(lines, headers[':authority']);
    this.headers = plainHeaders(headers);
    this.complete = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (!this.complete && this.headers['content-length'] === undefined) this.headers['transfer-encoding'] = 'chunked';
    this.#listen();
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      if (!this.destroyed && !this.push(chunk)) stream.pause();
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders, _flags: number, lines: string[]) => {
      this.rawTrailers = lines;
      this.trailers = trailers as NodeJS.Dict<string>;
    });
    stream.on('end', () => {
      if (stream.closed && !stream.writableFinished) return; // reset in the middle, which also looks like an end
      this.complete = true;
      if (!this.destroyed) this.push(null);
    });
    stream.on('close', () => {
      if (this.complete || this.destroyed) return;
      const error = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      this.destroy(this.listenerCount('error') > 0 ? error : undefined);
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  /** Has only its stream end, not the connection, which is also others'. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const stream = this.#stream;
    if (!this.readableEnded || !this.complete) {
      this.aborted = true;
      this.emit('aborted');
      const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = constants;
      if (!stream.closed) stream.close(stream.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    }
    stream.resume(); // a stream whose bytes nobody takes does not close
    process.nextTick(done, error);
  }
}

/** Header lines without pseudo-headers, Host first, and the crumbs of a cookie in one: RFC 9113 §8.2.3. */
function plainLines(lines: readonly string[], authority: string | undefined): string[] {
  const plain = authority === undefined ? [] : ['host', authority];
  const crumbs: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    const value = lines[at + 1] as string;
    if (name.startsWith(':')) continue;
    if (name === 'cookie') crumbs.push(value);
    else if (name !== 'host' || authority === undefined) plain.push(name, value);
    else if (value.toLowerCase() !== authority.toLowerCase()) plain.push(name, value);
  }
  return crumbs.length === 0 ? plain : [...plain, 'cookie', crumbs.join('; ')];
}

function plainHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { ':authority': authority, ...rest } = headers;
  const plain = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith(':')));
  return authority === undefined ? plain : { ...plain, host: authority };
}
