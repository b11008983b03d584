import { isIP, type Socket } from 'node:net';
import type { UpstreamTimeouts } from '../upstream.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { Deadlines } from './deadlines.ts';
import type { ExchangeHost, HttpExchange } from './http-exchange.ts';
import type { ReadMemories } from './read-memory.ts';

/** How much goes to one instance at a time. */
export interface PoolLimits {
  /** Connections with a request on them or ready for one. Default 1024. */
  readonly connections: number;
  /** Requests that wait for a connection, each for no longer than a connection may take. Default 1024. */
  readonly queue: number;
}

export const POOL_LIMITS: PoolLimits = { connections: 1024, queue: 1024 };

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i;

/**
 * The connections to one instance. The one that was used last is used first, so that those which are not needed grow old and
 * are closed.
 */
export class Pool implements ConnectionOwner, ExchangeHost {
  readonly host: string;
  readonly port: number;
  readonly timeouts: UpstreamTimeouts;
  readonly deadlines: Deadlines;
  readonly memories: ReadMemories;
  readonly #limits: PoolLimits;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #queue: HttpExchange[] = [];
  readonly #tunnels = new Set<Socket>();
  #closing = false;

  constructor(
    { host, port }: { readonly host: string; readonly port: number },
    timeouts: UpstreamTimeouts,
    limits: PoolLimits,
    deadlines: Deadlines,
    memories: ReadMemories,
  ) {
    this.host = host;
    this.port = port;
    this.timeouts = timeouts;
    this.#limits = limits;
    this.deadlines = deadlines;
    this.memories = memories;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Whether nothing is open any more. */
  get empty(): boolean {
    return this.#open.size === 0 && this.#tunnels.size === 0;
  }

  /** Sends an exchange as soon as it has a connection. */
  send(exchange: HttpExchange): void {
    if (exchange.upgrades) return this.#sendFresh(exchange);
    for (let free = this.#idle.pop(); free; free = this.#idle.pop()) {
      if (free.usable) return free.take(exchange);
      free.destroy();
    }
    this.#sendFresh(exchange);
  }

  /** Opens no connection for anybody new, and ends those that there are: idle ones now, tunnels after `drainMs`. */
  drain(drainMs: number): void {
    this.#closing = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    if (this.#tunnels.size > 0) setTimeout(() => this.#endTunnels(), drainMs).unref();
  }

  /** Ends everything, also what is under way. */
  destroy(): void {
    this.#closing = true;
    for (const exchange of this.#queue.splice(0)) exchange.fail('connect-failed', new Error('closed'));
    for (const connection of [...this.#open]) connection.close(new Error('closed'));
    this.#endTunnels();
  }

  onFree(connection: Connection): void {
    const waiting = this.#queue.shift();
    if (waiting) {
      this.deadlines.remove(waiting);
      connection.take(waiting);
    } else if (this.#closing) connection.destroy();
    else this.#idle.push(connection);
  }

  onGone(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const waiting = this.#queue.length > 0 ? this.#queue.shift() : undefined;
    if (!waiting) return;
    this.deadlines.remove(waiting);
    this.#sendFresh(waiting);
  }

  onRepeat(exchange: HttpExchange): void {
    this.#sendFresh(exchange);
  }

  onTunnel(socket: Socket): void {
    this.#tunnels.add(socket);
    socket.on('close', () => this.#tunnels.delete(socket));
  }

  onAbort(exchange: HttpExchange): void {
    const at = this.#queue.indexOf(exchange);
    if (at !== -1) this.#queue.splice(at, 1);
    this.deadlines.remove(exchange);
  }

  onResume(): void {}

  #sendFresh(exchange: HttpExchange): void {
    if (!isIP(this.host) && !HOST_NAME.test(this.host)) return failLater(exchange, 'connect-failed', 'no such address');
    if (this.#open.size < this.#limits.connections) {
      this.#open.add(new Connection(this, exchange));
    } else if (this.#queue.length < this.#limits.queue) {
      exchange.moveTo(this);
      exchange.wait(this.deadlines, this.timeouts.connectMs);
      this.#queue.push(exchange);
    } else failLater(exchange, 'overloaded', 'too many requests wait for this instance');
  }

  #endTunnels(): void {
    for (const socket of this.#tunnels) socket.destroy();
  }
}

function failLater(exchange: HttpExchange, failure: 'connect-failed' | 'overloaded', message: string): void {
  queueMicrotask(() => exchange.fail(failure, new Error(message)));
}
