import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { atEnd, eventually } from './stage.ts';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Header lines, `[name, value, …]`. */
  readonly lines: readonly string[];
  readonly body: Buffer;
  /** Status codes of the interim answers before it. */
  readonly interim: readonly number[];
}

/** A client that writes exactly the bytes that it is told to. */
export class Wire {
  readonly socket: Socket;
  closed = false;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#parts.push(chunk);
      this.#length += chunk.length;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** Each character is a byte. */
  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** What came and was not taken by `answer` yet. */
  get received(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  /** Waits for the next whole answer. `head` says that it answers a HEAD, which has no body. */
  async answer(head = false): Promise<Answer> {
    const interim: number[] = [];
    for (;;) {
      await eventually(() => this.received.includes('\r\n\r\n') || this.closed, 'a head');
      const end = this.received.indexOf('\r\n\r\n');
      if (end === -1) throw new Error(`the connection closed after ${JSON.stringify(this.text)}`);
      const [statusLine = '', ...fields] = this.received.toString('latin1', 0, end).split('\r\n');
      this.#drop(end + 4);
      const [, digits = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
      const status = Number(digits);
      const lines = fields.flatMap((field) => [
        field.slice(0, field.indexOf(':')),
        field.slice(field.indexOf(':') + 2),
      ]);
      if (status < 200) {
        interim.push(status);
        continue;
      }
      const body = head || status === 204 || status === 304 ? Buffer.alloc(0) : await this.#body(lines);
      return { status, reason, lines, body, interim };
    }
  }

  async #body(lines: readonly string[]): Promise<Buffer> {
    if (valuesOf(lines, 'transfer-encoding')[0] === 'chunked') return this.#chunks();
    const length = valuesOf(lines, 'content-length')[0];
    if (length !== undefined) return this.#take(Number(length));
    await eventually(() => this.closed, 'the end');
    return this.#take(this.#length);
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      await eventually(() => this.received.includes('\r\n') || this.closed, 'a chunk');
      const end = this.received.indexOf('\r\n');
      if (end === -1) throw new Error('the connection closed between chunks');
      const size = Number.parseInt(this.received.toString('latin1', 0, end), 16);
      this.#drop(end + 2);
      parts.push((await this.#take(size + 2)).subarray(0, size));
      if (size === 0) return Buffer.concat(parts);
    }
  }

  async #take(length: number): Promise<Buffer> {
    await eventually(() => this.#length >= length || this.closed, `${length} bytes`);
    if (this.#length < length) throw new Error('the connection closed in the middle of a body');
    const taken = this.received.subarray(0, length);
    this.#drop(length);
    return taken;
  }

  #drop(length: number): void {
    this.#parts = [this.received.subarray(length)];
    this.#length -= length;
  }
}

/** Connects to a port of this machine. */
export async function connect(port: number, host = '127.0.0.1'): Promise<Wire> {
  const socket = connectSocket(port, host);
  atEnd(() => socket.destroy());
  await once(socket, 'connect');
  return new Wire(socket);
}

/** All values of a header, `name` in lower case. */
export function valuesOf(lines: readonly string[], name: string): string[] {
  return lines.filter((_, at) => at % 2 === 1 && lines[at - 1]?.toLowerCase() === name);
}

/** One request on a connection of its own. */
export async function ask(port: number, request: AskedRequest | string): Promise<Answer> {
  const wire = await connect(port);
  wire.send(typeof request === 'string' ? request : format(request));
  try {
    return await wire.answer(typeof request !== 'string' && request.method === 'HEAD');
  } finally {
    wire.socket.destroy();
  }
}

/** A request for {@link ask}. */
export interface AskedRequest {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  /** Header lines without the host, `['cookie: uid=7']`. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A request as its bytes. */
export function format({ method = 'GET', target = '/', host = 'shop', headers = [], body }: AskedRequest): string {
  const length = body === undefined ? [] : [`content-length: ${Buffer.byteLength(body, 'latin1')}`];
  return `${[`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...length, ...headers].join('\r\n')}\r\n\r\n${body ?? ''}`;
}
