import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ScriptedAnswer } from './notation.ts';
import { readStrictly } from './readers.ts';
import { pause, perform } from './steps.ts';

/** What one connection of the upstream got during a case. */
export interface Tape {
  readonly lane: string;
  /** Everything, without the requests of {@link PROBE}. */
  readonly bytes: string;
  /** The bytes of each whole request. */
  readonly requests: readonly string[];
  /** What is left over, which begins a request that did not come to its end. */
  readonly rest: string;
  /** What the strict reader has against it. */
  readonly wrong: string | undefined;
}

/** A target that the upstream answers with the rest of the target, whatever the case says: to ask whether all is in order. */
export const PROBE = '/probe/';

const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
const OK_HEAD = OK.subarray(0, -2);

/** A server that writes down every byte it gets, and answers given bytes. */
export class RawUpstream {
  readonly #connections = new Set<Connection>();
  readonly #servers = new Map<string, ReturnType<typeof createServer>>();
  #answers: ScriptedAnswer[] = [];
  #order = 0;
  #answering: Promise<void>[] = [];
  /** Whether a request came before the one before it was answered. */
  overlapped = false;

  /** Listens for one lane, on a port that it returns. */
  async listen(lane: string): Promise<number> {
    const server = createServer((socket) => {
      const connection = new Connection(socket, lane, this);
      this.#connections.add(connection);
      socket.on('close', () => {
        connection.gone = true;
      });
    });
    this.#servers.set(lane, server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Begins a case. */
  begin(answers: readonly ScriptedAnswer[]): void {
    this.#answers = [...answers];
    this.overlapped = false;
    for (const connection of this.#connections) {
      if (connection.gone) this.#connections.delete(connection);
      else connection.forget();
    }
  }

  /** What came since the case began, in the order in which it began to come. */
  tapes(): readonly Tape[] {
    return [...this.#connections]
      .filter(({ order }) => order > 0)
      .sort((a, b) => a.order - b.order)
      .map((connection) => connection.tape());
  }

  /** How many bytes came since the case began. */
  get bytes(): number {
    return [...this.#connections].reduce((sum, { length }) => sum + length, 0);
  }

  /** How many connections are in the middle of a request. */
  get open(): number {
    return [...this.#connections].filter(({ inside, gone }) => inside && !gone).length;
  }

  /** Answers the next request on a connection; `early`: only if that is not to wait for its end. */
  answer(socket: Socket, method: string, early: boolean): boolean {
    const [first] = this.#answers;
    if (early && !first?.early) return false;
    this.overlapped ||= this.#answering.length > 0;
    this.#answers.shift();
    if (first) {
      const answering = perform(socket, first.steps).then(() => {
        this.#answering = this.#answering.filter((other) => other !== answering);
      });
      this.#answering.push(answering);
    } else socket.write(method === 'HEAD' ? OK_HEAD : OK);
    return true;
  }

  /** Waits until all answers that have begun are sent, and have arrived. */
  async settled(): Promise<void> {
    if (this.#answering.length === 0) return;
    await Promise.all(this.#answering);
    await pause();
  }

  nextOrder(): number {
    return ++this.#order;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.destroy();
    for (const server of this.#servers.values()) await new Promise((resolve) => server.close(resolve));
  }
}

class Connection {
  readonly socket: Socket;
  readonly lane: string;
  readonly #upstream: RawUpstream;
  #bytes = '';
  #requests: string[] = [];
  #from = 0;
  #wrong: string | undefined;
  #answered = false;
  order = 0;
  gone = false;

  constructor(socket: Socket, lane: string, upstream: RawUpstream) {
    this.socket = socket;
    this.lane = lane;
    this.#upstream = upstream;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#take(chunk.toString('latin1')));
  }

  get length(): number {
    return this.#bytes.length;
  }

  get inside(): boolean {
    return this.#from < this.#bytes.length;
  }

  tape(): Tape {
    const { lane } = this;
    return {
      lane,
      bytes: this.#bytes,
      requests: this.#requests,
      rest: this.#bytes.slice(this.#from),
      wrong: this.#wrong,
    };
  }

  forget(): void {
    if (this.inside) this.socket.destroy();
    this.#bytes = '';
    this.#requests = [];
    this.#from = 0;
    this.order = 0;
  }

  #take(text: string): void {
    this.#bytes += text;
    for (;;) {
      if (!this.inside) return;
      if (this.order === 0) this.order = this.#upstream.nextOrder();
      const reading = readStrictly(this.#bytes, this.#from);
      if (reading === 'incomplete') return this.#answerEarly();
      if ('wrong' in reading) {
        this.#wrong = reading.wrong;
        this.socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        return;
      }
      const [method = '', target = ''] = reading.start.split(' ');
      const bytes = this.#bytes.slice(this.#from, reading.end);
      if (target.startsWith(PROBE)) this.#answerProbe(target.slice(PROBE.length), reading.end);
      else {
        this.#requests.push(bytes);
        this.#from = reading.end;
        if (!this.#answered) this.#upstream.answer(this.socket, method, false);
        this.#answered = false;
      }
    }
  }

  /** A probe leaves no trace. */
  #answerProbe(name: string, end: number): void {
    this.#bytes = this.#bytes.slice(0, this.#from) + this.#bytes.slice(end);
    if (this.#bytes === '') this.order = 0;
    this.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
  }

  #answerEarly(): void {
    if (this.#answered || !this.#bytes.includes('\r\n\r\n', this.#from)) return;
    this.#answered = this.#upstream.answer(this.socket, '', true);
  }
}
