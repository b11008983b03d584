import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Whether a request has a body: RFC 9112 §6.3. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** What a body tells while it is read. */
export interface BodyListener {
  /** Somebody begins to read: a client that waits for `100 Continue` should get it. */
  onWanted(): void;
  /** More came than the limit allows. Told once. */
  onTooLarge(): void;
}

/**
 * A request's body as a stream of its own, so that an upstream which gives up destroys this one and not the client's
 * request. It passes back-pressure on. When it is destroyed, what the client still sends is thrown away: the connection
 * goes on after it.
 */
export class RequestBody extends Readable {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  readonly #listener: BodyListener;
  #received = 0;
  #wanted = false;

  constructor(request: IncomingMessage, limit: number, listener: BodyListener) {
    super();
    this.#request = request;
    this.#limit = limit;
    this.#listener = listener;
    request.on('data', (chunk: Buffer) => this.#take(chunk));
    request.on('end', () => this.push(null));
    request.pause();
  }

  override _read(): void {
    if (!this.#wanted) this.#listener.onWanted();
    this.#wanted = true;
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#request.resume();
    done(error);
  }

  #take(chunk: Buffer): void {
    const before = this.#received;
    this.#received += chunk.length;
    if (this.#received > this.#limit) {
      if (before <= this.#limit) this.#listener.onTooLarge();
    } else if (!this.destroyed && !this.push(chunk)) this.#request.pause();
  }
}
