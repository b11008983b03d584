import { connect, type Socket } from 'node:net';
import { PatternCheck } from './pattern.ts';

/** What came back for a request. */
export interface Answer {
  /** 0 when none came. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** Whether every byte of the body is the request's. */
  readonly intact: boolean;
  /** Whether it came to its end. */
  readonly complete: boolean;
}

/** A request whose answer is awaited. */
export interface Awaited {
  readonly request: number;
  readonly method: string;
  /** Breaks the connection off after so many bytes of the body. Default: never. */
  readonly breakAfter?: number;
}

interface Pending extends Awaited {
  readonly resolve: (answer: Answer) => void;
  readonly check: PatternCheck;
  status: number;
  headers: Record<string, string>;
}

/** Where the reader is in an answer; `chunk-end` is the line end behind a chunk's bytes. */
type Place = 'head' | 'bytes' | 'size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'raw';

/**
 * One connection of a client of HTTP/1.1 that is fast and not forgiving: what it cannot read ends it. Answers are given to
 * the requests in their order.
 */
export class Client {
  readonly socket: Socket;
  #open = true;
  #rest: Buffer = Buffer.alloc(0);
  #place: Place = 'head';
  #left = 0;
  readonly #pending: Pending[] = [];
  #onRaw: ((bytes: Buffer) => void) | undefined;
  /** What was wrong with the bytes that came. */
  error = '';

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('error', (error) => {
        this.error ||= error.message;
      })
      .on('end', () => this.#onEnd())
      .on('close', () => this.#onClose());
  }

  /** Whether another request can be sent. */
  get open(): boolean {
    return this.#open;
  }

  /** Waits for the answer to a request that was or will be written. Never rejects. */
  answerTo(awaited: Awaited): Promise<Answer> {
    return new Promise((resolve) => {
      const check = new PatternCheck(awaited.request);
      this.#pending.push({ ...awaited, resolve, check, status: 0, headers: {} });
      if (!this.#open) this.#onClose();
    });
  }

  /** Takes all further bytes as they come, behind an answer 101. */
  takeRaw(onBytes: (bytes: Buffer) => void): void {
    this.#onRaw = onBytes;
    if (this.#rest.length > 0) onBytes(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  close(): void {
    this.#open = false;
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    if (this.#onRaw) return this.#onRaw(bytes);
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (let next = this.#step(all, at); next !== -1; next = this.#step(all, at)) at = next;
    this.#rest = all.subarray(at);
  }

  /** Reads some bytes from `at` on. Returns where they end; -1 when more are needed. */
  #step(bytes: Buffer, at: number): number {
    if (at === bytes.length || this.#place === 'raw') return -1;
    const [pending] = this.#pending;
    if (!pending) return this.#fail('bytes that nobody asked for');
    switch (this.#place) {
      case 'head':
        return this.#readHead(bytes, at, pending);
      case 'bytes':
      case 'chunk':
        return this.#readBytes(bytes, at, pending);
      case 'until-close':
        this.#take(pending, bytes, at, bytes.length);
        return bytes.length;
      default:
        return this.#readLine(bytes, at);
    }
  }

  #readHead(bytes: Buffer, at: number, pending: Pending): number {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
    if (end === -1) return -1;
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    if (!/^HTTP\/1\.1 \d{3} /.test(first)) return this.#fail(`no status line: ${first.slice(0, 60)}`);
    const status = Number(first.slice(9, 12));
    if (status === 100) return end + 4;
    pending.status = status;
    for (const line of lines) {
      const colon = line.indexOf(':');
      pending.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    if (pending.headers.connection === 'close') this.#open = false;
    this.#place = this.#begin(pending);
    if (this.#place === 'raw') this.#settle(true);
    else if (this.#place === 'bytes' && this.#left === 0) this.#end();
    return end + 4;
  }

  #begin({ status, method, headers }: Pending): Place {
    this.#left = method === 'HEAD' || status === 204 || status === 304 ? 0 : Number(headers['content-length'] ?? 0);
    if (status === 101) return 'raw';
    if (method === 'HEAD' || headers['content-length'] !== undefined) return 'bytes';
    return headers['transfer-encoding'] === 'chunked' ? 'size' : 'until-close';
  }

  #readBytes(bytes: Buffer, at: number, pending: Pending): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#take(pending, bytes, at, end);
    if (this.#left > 0) return end;
    if (this.#place === 'bytes') this.#end();
    else this.#place = 'chunk-end';
    return end;
  }

  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if (end === -1) return -1;
    const line = bytes.toString('latin1', at, end);
    if (this.#place === 'size') {
      if (!/^[0-9a-f]+$/i.test(line)) return this.#fail(`no size of a chunk: ${line.slice(0, 60)}`);
      this.#left = Number.parseInt(line, 16);
      this.#place = this.#left === 0 ? 'trailers' : 'chunk';
    } else if (this.#place === 'chunk-end') this.#place = 'size';
    else if (line === '') this.#end();
    return end + 2;
  }

  #take(pending: Pending, bytes: Buffer, from: number, to: number): void {
    pending.check.take(bytes, from, to);
    if (pending.check.bytes >= (pending.breakAfter ?? Number.POSITIVE_INFINITY)) this.close();
  }

  #end(): void {
    this.#place = 'head';
    this.#settle(true);
    if (!this.#open) this.socket.end();
  }

  #onEnd(): void {
    if (this.#place === 'until-close') this.#end();
  }

  #onClose(): void {
    this.#open = false;
    while (this.#pending.length > 0) this.#settle(false);
  }

  #settle(complete: boolean): void {
    const pending = this.#pending.shift();
    if (!pending) return;
    const { status, headers, check, resolve } = pending;
    resolve({ status, headers, bytes: check.bytes, intact: check.intact, complete });
  }

  #fail(error: string): -1 {
    this.error ||= error;
    this.#rest = Buffer.alloc(0);
    this.close();
    return -1;
  }
}
