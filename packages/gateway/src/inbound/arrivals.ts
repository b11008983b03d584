import type { Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a connection may take to bring its first request before it counts as idle, in milliseconds. */
const MOMENT_MS = 250;

/** The connections of some servers: how many there are, and whether one came a moment ago. */
export class Arrivals {
  #count = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(servers: readonly Server[]) {
    for (const server of servers) server.on('connection', (socket) => this.#enter(socket));
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Resolves when no connection is younger than a moment. One that was accepted just before its server stopped listening
   * may have a request on its way, which must not meet a closed door.
   */
  async settled(): Promise<void> {
    for (let ms = this.#wait(); ms > 0; ms = this.#wait()) await sleep(Math.min(ms, 10));
  }

  #enter(socket: Socket): void {
    this.#count++;
    this.#last = performance.now();
    socket.once('close', () => this.#count--);
  }

  #wait(): number {
    return this.#count === 0 ? 0 : this.#last + MOMENT_MS - performance.now();
  }
}
