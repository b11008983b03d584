import type { ServerResponse } from 'node:http';

/** Where an answer stands in the list of those under way. */
const PLACE: unique symbol = Symbol('place');
const OWNER: unique symbol = Symbol('owner');

type Listed = ServerResponse & { [PLACE]: number; [OWNER]: UnderWay };

/**
 * The answers of a server that are not out yet: a list from which the last moves to the place of the one that goes. (A
 * `Set` keeps its garbage until it is rebuilt, and that makes all answers old in the eyes of the collector.)
 */
export class UnderWay {
  readonly #responses: Listed[] = [];
  #closing = false;

  /** How many. */
  get size(): number {
    return this.#responses.length;
  }

  add(response: ServerResponse): void {
    if (this.#closing) response.shouldKeepAlive = false;
    const listed = response as Listed;
    listed[PLACE] = this.#responses.length;
    listed[OWNER] = this;
    this.#responses.push(listed);
    response.on('close', leave);
  }

  /** From now on every answer, also to requests that are here already, says that it is its connection's last. */
  closeConnections(): void {
    this.#closing = true;
    for (const response of this.#responses) response.shouldKeepAlive = false;
  }

  /** Resolves when all are out to their last byte, those too that are added meanwhile. */
  async ended(): Promise<void> {
    for (let [first] = this.#responses; first; [first] = this.#responses)
      await new Promise((resolve) => first?.once('close', resolve));
  }

  remove(response: ServerResponse): void {
    const place = (response as Listed)[PLACE];
    const last = this.#responses.pop() as Listed;
    if (last === response) return;
    this.#responses[place] = last;
    last[PLACE] = place;
  }
}

function leave(this: ServerResponse): void {
  (this as Listed)[OWNER].remove(this);
}
