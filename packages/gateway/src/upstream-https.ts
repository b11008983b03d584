import type { Duplex } from 'node:stream';
import { authorityOf, type Instance } from '@graylane/core';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type {
  Exchange,
  Upstream,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamRequest,
  UpstreamTimeouts,
} from './upstream.ts';

/** Pools that were not used for so long are closed when a new one is made: their instances are mostly gone. */
const IDLE_MS = 60_000;

/** How instances are reached that want TLS. */
export interface HttpsUpstreamOptions {
  /** Read whenever an instance is reached for the first time, so that they can be changed for those to come. */
  readonly timeouts: UpstreamTimeouts;
  /** Authorities that sign the certificates of instances, as PEM. Default: those of Node. */
  readonly ca?: readonly Buffer[] | undefined;
}

/**
 * An upstream for HTTP/1.1 over TLS, to the name `metadata.serverName` or the host, on undici's `dispatch`, its lowest
 * level: no promise and no stream for an answer. Certificates are verified.
 */
export function httpsUpstream({ timeouts, ca }: HttpsUpstreamOptions): Upstream {
  const pools = new Map<string, { readonly authority: string; readonly pool: Pool; usedAt: number }>();

  const poolOf = (instance: Instance): Pool => {
    const authority = authorityOf(instance);
    const { serverName } = instance.metadata;
    const key = serverName === undefined ? authority : `${authority} ${serverName}`;
    const now = performance.now();
    let entry = pools.get(key);
    if (!entry) {
      for (const [other, { pool, usedAt }] of pools) {
        if (now - usedAt < IDLE_MS) continue;
        pools.delete(other);
        void pool.close();
      }
      entry = { authority, pool: openPool(authority, serverName, timeouts, ca), usedAt: now };
      pools.set(key, entry);
    }
    entry.usedAt = now;
    return entry.pool;
  };

  return {
    send(instance, request, handler) {
      const exchange = new UndiciExchange(handler);
      try {
        poolOf(instance).dispatch(optionsOf(request), exchange);
      } catch (error) {
        exchange.fail('connect-failed', error as Error); // a registry may hold what is no address
      }
      return exchange;
    },
    keep(authorities) {
      for (const [key, { authority, pool }] of pools) {
        if (authorities.has(authority)) continue;
        pools.delete(key);
        void pool.close();
      }
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

function openPool(
  authority: string,
  serverName: string | undefined,
  { connectMs, answerMs, idleMs }: UpstreamTimeouts,
  ca: readonly Buffer[] | undefined,
): Pool {
  const connect = buildConnector({ timeout: connectMs, ...(ca && { ca: [...ca] }) });
  return new Pool(`https://${authority}`, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: answerMs,
    bodyTimeout: idleMs,
    keepAliveTimeout: 30_000,
    // Left alone, undici would ask for the name in the request's Host, which is the service's and not the instance's.
    connect: (options, callback) => connect({ ...options, servername: serverName ?? options.hostname }, callback),
  });
}

function optionsOf({ method, target, lines, body, answerMs, upgrade }: UpstreamRequest): Dispatcher.DispatchOptions {
  return {
    method: method as Dispatcher.HttpMethod,
    path: target,
    headers: lines as string[],
    body: body ?? null,
    ...(answerMs !== undefined && { headersTimeout: answerMs }),
    ...(upgrade !== undefined && { upgrade }),
  };
}

class UndiciExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #handler: UpstreamHandler;
  /** Set as soon as the request has a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #aborted = false;
  #answered = false;

  constructor(handler: UpstreamHandler) {
    this.#handler = handler;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('aborted'));
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(new Error('aborted'));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: unknown,
    connection: Duplex,
  ): void {
    if (!this.#handler.onUpgrade) return void connection.destroy();
    this.#handler.onUpgrade('Switching Protocols', linesOf(controller.rawHeaders), connection, Buffer.alloc(0));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    this.#answered = true;
    const lines = linesOf(controller.rawHeaders);
    if (status >= 200) this.#handler.onHead(status, bytesOf(message ?? ''), lines);
    else if (status !== 100) this.#handler.onInformation?.(status, bytesOf(message ?? ''), lines);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#handler.onData(chunk, false)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#handler.onEnd(linesOf(controller.rawTrailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.fail(failureOf(error, this.#controller !== undefined, this.#answered), error);
  }

  /** Later, for a request that undici will not even queue fails before `send` has returned. */
  fail(failure: UpstreamFailure, error: Error): void {
    queueMicrotask(() => {
      if (!this.#aborted) this.#handler.onError(failure, error);
    });
  }
}

/** What it means that the connection closed. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

function failureOf(error: NodeJS.ErrnoException, started: boolean, answered: boolean): UpstreamFailure {
  const { code = '' } = error;
  if (started && code.endsWith('_TIMEOUT')) return 'timeout';
  if (started) return !answered && CLOSED.has(code) ? 'unanswered' : 'broken';
  // A request that cannot be sent to anybody says nothing against the instance.
  return code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED' ? 'broken' : 'connect-failed';
}

/** undici reads the reason phrase as UTF-8, and Node writes one character a byte. */
function bytesOf(message: string): string {
  return Buffer.from(message).toString('latin1');
}

function linesOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : (part as Buffer).toString('latin1')));
}
