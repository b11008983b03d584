import type { ServerResponse } from 'node:http';

/** The answers of a server that are not out yet. */
export class UnderWay {
  readonly #responses = new Set<ServerResponse>();
  #closing = false;

  add(response: ServerResponse): void {
    if (this.#closing) response.shouldKeepAlive = false;
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
  }

  /** From now on every answer, also to requests that are here already, says that it is its connection's last. */
  closeConnections(): void {
    this.#closing = true;
    for (const response of this.#responses) response.shouldKeepAlive = false;
  }

  /** Resolves when all are out to their last byte, those too that are added meanwhile. */
  async ended(): Promise<void> {
    for (const response of this.#responses) await new Promise((resolve) => response.once('close', resolve));
  }
}
