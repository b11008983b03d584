/** How much is read at once: 64 KiB, which many servers send at once, and a head. */
const READ_BYTES = 73_728;

/** How many pieces wait to be used again. */
const MAX_IDLE = 64;

/**
 * A piece of memory that a connection reads into. What is read may be lent on without being copied; the piece is written
 * to again only when all of that is back.
 */
export class ReadMemory {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #owner: ReadMemories;
  #lent = 0;
  #released = false;

  constructor(owner: ReadMemories) {
    this.#owner = owner;
  }

  /** Whether nothing of it is lent. */
  get free(): boolean {
    return this.#lent === 0;
  }

  /** Lends a part. Returns how to give it back. */
  lend(): () => void {
    this.#lent++;
    return () => {
      this.#lent--;
      if (this.#released && this.free) this.#owner.take(this);
    };
  }

  /** The connection uses it no longer. */
  release(): void {
    this.#released = true;
    if (this.free) this.#owner.take(this);
  }

  /** A connection uses it again. */
  reuse(): this {
    this.#released = false;
    return this;
  }
}

/**
 * The pieces of memory of an upstream. Without them, each large answer would leave behind what it was read into, and the
 * collector would run for that alone.
 */
export class ReadMemories {
  readonly #idle: ReadMemory[] = [];

  /** One to read into. */
  give(): ReadMemory {
    return this.#idle.pop()?.reuse() ?? new ReadMemory(this);
  }

  /** One comes back. */
  take(memory: ReadMemory): void {
    if (this.#idle.length < MAX_IDLE) this.#idle.push(memory);
  }
}
