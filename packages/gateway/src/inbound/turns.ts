import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

interface Turn {
  readonly response: ServerResponse;
  readonly begin: () => void;
}

interface Queue {
  /** The first one is under way. */
  readonly turns: Turn[];
  /** Whether nothing that comes on the connection counts any more. */
  over: boolean;
  /** What to do when all are answered that came before a mistake. */
  end?: () => void;
}

/**
 * The requests of each connection, one after the other, for what comes behind one may depend on what it does (RFC 9112
 * §9.3.2), and behind one whose answer is the last nothing must be read at all (§9.6).
 */
export class Turns {
  readonly #queues = new WeakMap<Duplex, Queue>();

  /** Whether a request is under way on a connection. */
  busy(connection: Duplex): boolean {
    return (this.#queues.get(connection)?.turns.length ?? 0) > 0;
  }

  /** Begins a request when those before it are answered. */
  take(connection: Duplex, response: ServerResponse, begin: () => void): void {
    const queue = this.#of(connection);
    if (queue.over || queue.end) return;
    queue.turns.push({ response, begin });
    response.once('close', () => this.#next(connection, queue, response));
    if (queue.turns.length === 1) begin();
  }

  /**
   * What came on a connection is no request, or not the whole of one. `end` is called with whether its answer has begun,
   * once all before it are answered; not at all when one of those is the last.
   */
  fail(connection: Duplex, end: (begun: boolean) => void): void {
    const queue = this.#of(connection);
    if (queue.over || queue.end) return; // what still comes fails again
    const last = queue.turns.at(-1);
    const broken = last && !last.response.req.complete ? queue.turns.pop() : undefined;
    const begun = broken?.response.headersSent ?? false;
    queue.end = () => end(begun);
    if (queue.turns.length === 0) queue.end();
  }

  #next(connection: Duplex, queue: Queue, response: ServerResponse): void {
    if (queue.turns[0]?.response !== response) return;
    queue.turns.shift();
    queue.over ||= !response.shouldKeepAlive || connection.destroyed;
    if (queue.over) return;
    const [next] = queue.turns;
    if (next) next.begin();
    else queue.end?.();
  }

  #of(connection: Duplex): Queue {
    const queue = this.#queues.get(connection) ?? { turns: [], over: false };
    this.#queues.set(connection, queue);
    return queue;
  }
}
