import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** What is told of a body while it is written. */
export interface BodyWriterListener {
  /** The instance does not read. */
  onBlocked(): void;
  onFlowing(): void;
  /** All of it is written. */
  onSent(): void;
  /** It ended too early or too late: what was announced cannot be kept. */
  onUnsendable(error: Error): void;
}

/** Writes a request's body behind its head, with back-pressure. The first part leaves together with the head. */
export class BodyWriter {
  readonly #socket: Socket;
  readonly #body: Readable;
  /** As announced; undefined when it goes in chunks. */
  readonly #length: number | undefined;
  readonly #trailers: () => string;
  readonly #listener: BodyWriterListener;
  #sent = 0;

  constructor(
    socket: Socket,
    body: Readable,
    length: number | undefined,
    trailers: () => string,
    listener: BodyWriterListener,
  ) {
    this.#socket = socket;
    this.#body = body;
    this.#length = length;
    this.#trailers = trailers;
    this.#listener = listener;
    setImmediate(() => socket.uncork());
    socket.on('drain', this.#onDrain);
    body.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose);
  }

  /** Writes nothing more. */
  stop(): void {
    this.#socket.off('drain', this.#onDrain);
    this.#body.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#sent += chunk.length;
    if (this.#length !== undefined && this.#sent > this.#length) return this.#fail('the body is longer than announced');
    if (this.#write(chunk)) return;
    this.#body.pause();
    this.#listener.onBlocked();
  };

  #write(chunk: Buffer): boolean {
    if (this.#length !== undefined) return this.#socket.write(chunk);
    this.#socket.cork();
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(chunk);
    const more = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return more;
  }

  readonly #onDrain = (): void => {
    this.#body.resume();
    this.#listener.onFlowing();
  };

  readonly #onEnd = (): void => {
    if (this.#length !== undefined && this.#sent < this.#length)
      return this.#fail('the body is shorter than announced');
    if (this.#length === undefined) this.#socket.write(`0\r\n${this.#trailers()}\r\n`, 'latin1');
    this.stop();
    this.#listener.onSent();
  };

  readonly #onClose = (): void => this.#fail('the body broke off');

  #fail(message: string): void {
    this.stop();
    this.#listener.onUnsendable(new Error(message));
  }
}
