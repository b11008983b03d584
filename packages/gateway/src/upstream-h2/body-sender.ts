import type { Readable, Writable } from 'node:stream';

/** How much of a body is kept so that it can be sent once more, in bytes. */
const KEPT_BYTES = 65_536;

/**
 * Sends a request's body, and keeps its beginning: an instance may refuse a request that it has not looked at, and then
 * the same body goes out on another stream.
 */
export class BodySender {
  readonly #body: Readable;
  readonly #onEnd: () => void;
  #kept: Buffer[] | undefined = [];
  #size = 0;
  #ended = false;
  #to: Writable | undefined;
  #begun = false;

  constructor(body: Readable, onEnd: () => void) {
    this.#body = body;
    this.#onEnd = onEnd;
  }

  /** Whether not a byte of it was taken, so that anybody else can send it. */
  get untouched(): boolean {
    return !this.#begun;
  }

  /** Whether all that was taken is still known. */
  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends all of it, from the beginning. */
  sendTo(stream: Writable): void {
    this.#to = stream;
    for (const chunk of this.#kept ?? []) stream.write(chunk);
    stream.on('drain', () => {
      if (this.#to === stream && !this.#ended) this.#body.resume();
    });
    if (this.#ended) stream.end();
    else if (this.#begun) this.#body.resume();
    else this.#begin();
  }

  /** What was taken need not be kept any more. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Sends no more. */
  stop(): void {
    this.#to = undefined;
    this.#body.pause();
  }

  #begin(): void {
    this.#begun = true;
    this.#body.on('data', (chunk: Buffer) => {
      this.#size += chunk.length;
      if (this.#size > KEPT_BYTES) this.forget();
      this.#kept?.push(chunk);
      if (!this.#to || this.#to.destroyed || !this.#to.write(chunk)) this.#body.pause();
    });
    this.#body.on('end', () => {
      this.#ended = true;
      this.#onEnd();
      this.#to?.end();
    });
  }
}
