import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { UpstreamFailure, UpstreamTimeouts } from '../upstream.ts';
import type { AnswerHead } from './answer-head.ts';
import { AnswerParser, type AnswerSink } from './answer-parser.ts';
import { BodyWriter, type BodyWriterListener } from './body-writer.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import type { ExchangeHost, HttpExchange } from './http-exchange.ts';
import { idleTime, KEEP_ALIVE_MS } from './keep-alive.ts';
import type { ReadMemories, ReadMemory } from './read-memory.ts';
import { writeTrailers } from './request-head.ts';

/** What a connection tells its pool. */
export interface ConnectionOwner {
  readonly host: string;
  readonly port: number;
  readonly timeouts: UpstreamTimeouts;
  readonly deadlines: Deadlines;
  readonly memories: ReadMemories;
  /** It can take another exchange. */
  onFree(connection: Connection): void;
  /** It will take none any more. Told once. */
  onGone(connection: Connection): void;
  /** It closed under an exchange that can be sent over a fresh one as if nothing had been. */
  onRepeat(exchange: HttpExchange): void;
  /** It speaks another protocol now. */
  onTunnel(socket: Socket): void;
}

/** From this size on, a part of a body is lent with the memory that it was read into instead of being copied. */
const LENT_BYTES = 16_384;

const NEVER = Number.POSITIVE_INFINITY;

/** One connection to an instance, with one exchange at a time. */
export class Connection implements AnswerSink, BodyWriterListener, ExchangeHost, Timed {
  deadline: number = NEVER;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new AnswerParser(this);
  /** Whether it can take one exchange after the other. */
  readonly #reusable: boolean;
  #state: 'connecting' | 'open' | 'gone' = 'connecting';
  #exchange: HttpExchange | undefined;
  #writer: BodyWriter | undefined;
  /** Whether an exchange was over on it already. */
  #used = false;
  #keepAlive = false;
  #keepAliveMs = KEEP_ALIVE_MS;
  #memory: ReadMemory | undefined;
  #paused = false;
  #error: Error | undefined;
  #switched: AnswerHead | undefined;

  /** Opens one for an exchange. */
  constructor(owner: ConnectionOwner, exchange: HttpExchange) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#reusable = !exchange.upgrades;
    exchange.moveTo(this);
    const { host, port } = owner;
    // What takes over an upgraded connection reads it as a stream.
    this.#socket = connect(
      this.#reusable
        ? { host, port, noDelay: true, onread: this.#reader() }
        : { host, port, noDelay: true, allowHalfOpen: true },
    );
    if (!this.#reusable) this.#socket.on('data', this.#onData);
    this.#socket
      .on('connect', this.#onConnect)
      .on('end', this.#onEOF)
      .on('error', this.#onError)
      .on('close', this.#onClose);
    owner.deadlines.add(this);
    owner.deadlines.set(this, owner.timeouts.connectMs);
  }

  /** Whether it is still worth giving it an exchange. */
  get usable(): boolean {
    return this.#state === 'open' && this.#socket.writable;
  }

  /** Sends a request and reads its answer. Only when it is free. */
  take(exchange: HttpExchange): void {
    this.#exchange = exchange;
    exchange.moveTo(this);
    this.#send(exchange);
  }

  /** Closes it, which its exchange does not get to know. */
  destroy(): void {
    if (this.#state === 'gone') return;
    this.#leave();
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  /** Closes it, and fails its exchange. */
  close(error: Error): void {
    if (this.#exchange) this.#fail(this.#state === 'connecting' ? 'connect-failed' : 'broken', error);
    else this.destroy();
  }

  onAbort(): void {
    this.destroy();
  }

  onResume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#limit(this.#owner.timeouts.idleMs);
    this.#socket.resume();
  }

  onDeadline(): void {
    if (!this.#exchange) return this.destroy();
    if (this.#state === 'connecting') this.#fail('connect-failed', new Error('no connection came about in time'));
    else this.#fail('timeout', new Error('nothing came for too long'));
  }

  onInformation(head: AnswerHead): void {
    this.#exchange?.onInformation(head);
  }

  onHead(head: AnswerHead): void {
    this.#keepAlive = head.keepAlive;
    if (head.keepAliveMs !== undefined) this.#keepAliveMs = idleTime(head.keepAliveMs);
    this.#limit(this.#owner.timeouts.idleMs);
    this.#exchange?.onHead(head);
  }

  onBody(bytes: Buffer, from: number, to: number, last: boolean): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#limit(this.#owner.timeouts.idleMs);
    if (this.#tell(exchange, bytes, from, to, last) || last) return;
    this.#paused = true;
    this.#limit(NEVER); // it is the client that is slow
  }

  onEnd(trailers: readonly string[]): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#paused = false;
    this.#used = true;
    exchange?.moveTo(undefined);
    exchange?.onEnd(trailers);
  }

  onSwitch(head: AnswerHead): void {
    this.#switched = head;
  }

  onBlocked(): void {
    this.#limit(this.#owner.timeouts.idleMs);
  }

  onFlowing(): void {
    this.#limit(NEVER); // it is the client that is slow
  }

  onSent(): void {
    this.#writer = undefined;
    this.#limit(this.#exchange?.request.answerMs ?? this.#owner.timeouts.answerMs);
  }

  onUnsendable(error: Error): void {
    this.#fail('broken', error);
  }

  readonly #onConnect = (): void => {
    this.#state = 'open';
    if (this.#exchange) this.#send(this.#exchange);
  };

  readonly #onData = (chunk: Buffer): void => {
    this.#read(chunk, chunk.length);
    if (this.#paused) this.#socket.pause();
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onEOF = (): void => {
    if (!this.#exchange) return this.destroy();
    try {
      this.#parser.finish();
    } catch {
      // `close` tells it, for there may be a reason
    }
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    const error = this.#error ?? new Error('the connection was closed');
    if (this.#state === 'gone') return;
    if (!this.#exchange) this.destroy();
    else if (this.#state === 'connecting') this.#fail('connect-failed', error);
    else if (this.#parser.begun) this.#fail('broken', error);
    else this.#failUnanswered(this.#exchange, error);
  };

  #send({ request, head }: HttpExchange): void {
    this.#parser.expect(request.method, !this.#reusable);
    if (!request.body) {
      this.#socket.write(head.text, 'latin1');
      this.#limit(request.answerMs ?? this.#owner.timeouts.answerMs);
      return;
    }
    const trailers = (): string => writeTrailers(request.trailers?.() ?? []);
    this.#socket.cork();
    this.#socket.write(head.text, 'latin1');
    this.#writer = new BodyWriter(this.#socket, request.body, head.length, trailers, this);
    this.#limit(NEVER);
  }

  #reader(): OnReadOpts {
    return {
      buffer: () => {
        if (!this.#memory?.free) {
          this.#memory?.release();
          this.#memory = this.#owner.memories.give();
        }
        return this.#memory.bytes;
      },
      callback: (length, bytes) => {
        this.#read(bytes as Buffer, length);
        return !this.#paused;
      },
    };
  }

  #read(bytes: Buffer, length: number): void {
    if (!this.#exchange) return this.destroy(); // bytes that nobody asked for
    try {
      const end = this.#parser.read(bytes, 0, length);
      if (this.#switched) this.#hand(this.#switched, Buffer.from(bytes.subarray(end, length)));
      else if (!this.#exchange) this.#rest(end === length);
    } catch (error) {
      this.#fail('broken', error as Error);
    }
  }

  /** After an answer: is free again, or done. */
  #rest(clean: boolean): void {
    if (this.#state === 'gone') return;
    if (!clean || !this.#keepAlive || this.#writer || !this.#reusable || !this.#socket.writable) return this.destroy();
    this.#limit(this.#keepAliveMs);
    this.#owner.onFree(this);
  }

  /** Gives the connection away. */
  #hand(head: AnswerHead, rest: Buffer): void {
    const exchange = this.#exchange as HttpExchange;
    const socket = this.#socket;
    this.#exchange = undefined;
    this.#leave();
    socket.off('data', this.#onData).off('end', this.#onEOF).off('error', this.#onError).off('close', this.#onClose);
    socket.pause().on('error', () => {});
    this.#owner.onTunnel(socket);
    exchange.onUpgrade(head, socket, rest);
  }

  /** Gives a part of a body on: small ones, of which more may follow, as copies, and others lent. */
  #tell(exchange: HttpExchange, bytes: Buffer, from: number, to: number, last: boolean): boolean {
    const part = bytes.subarray(from, to);
    const memory = this.#memory;
    if (memory?.bytes !== bytes) return exchange.onData(part, last);
    if (!last && part.length < LENT_BYTES) return exchange.onData(Buffer.from(part), last);
    return exchange.onData(part, last, memory.lend());
  }

  #failUnanswered(exchange: HttpExchange, error: Error): void {
    if (!this.#used || !exchange.replayable) return this.#fail('unanswered', error);
    exchange.repeated = true;
    this.destroy();
    this.#owner.onRepeat(exchange);
  }

  #fail(failure: UpstreamFailure, error: Error): void {
    const exchange = this.#exchange;
    this.destroy();
    exchange?.fail(failure, error);
  }

  #leave(): void {
    this.#state = 'gone';
    this.#writer?.stop();
    this.#memory?.release();
    this.#memory = undefined;
    this.#owner.deadlines.remove(this);
    this.#owner.onGone(this);
  }

  #limit(ms: number): void {
    this.#owner.deadlines.set(this, ms);
  }
}
