import { authorityOf, type Instance } from '@graylane/core';
import { type Dispatcher, Pool } from 'undici';
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

/** An upstream on undici's `dispatch`, its lowest level: no promise and no stream for an answer. */
export function undiciUpstream(timeouts: UpstreamTimeouts): Upstream {
  const pools = new Map<string, { pool: Pool; usedAt: number }>();

  const poolOf = (instance: Instance): Pool => {
    const authority = authorityOf(instance);
    const now = performance.now();
    let entry = pools.get(authority);
    if (!entry) {
      for (const [other, { pool, usedAt }] of pools) {
        if (now - usedAt < IDLE_MS) continue;
        pools.delete(other);
        void pool.close();
      }
      entry = { pool: openPool(authority, timeouts), usedAt: now };
      pools.set(authority, entry);
    }
    entry.usedAt = now;
    return entry.pool;
  };

  return {
    send(instance, request, handler) {
      const exchange = new UndiciExchange(handler);
      if (request.upgrade !== undefined) {
        exchange.fail('broken', new Error('this upstream upgrades no connection'));
        return exchange;
      }
      try {
        poolOf(instance).dispatch(optionsOf(request), exchange);
      } catch (error) {
        exchange.fail('connect-failed', error as Error); // a registry may hold what is no address
      }
      return exchange;
    },
    keep(authorities) {
      for (const [authority, { pool }] of pools) {
        if (authorities.has(authority)) continue;
        pools.delete(authority);
        void pool.close();
      }
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

function openPool(authority: string, { connectMs, answerMs, idleMs }: UpstreamTimeouts): Pool {
  return new Pool(`http://${authority}`, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: answerMs,
    bodyTimeout: idleMs,
    keepAliveTimeout: 30_000,
    connect: { timeout: connectMs },
  });
}

function optionsOf({ method, target, lines, body, answerMs }: UpstreamRequest): Dispatcher.DispatchOptions {
  return {
    method: method as Dispatcher.HttpMethod,
    path: target,
    headers: lines as string[],
    body: body ?? null,
    ...(answerMs !== undefined && { headersTimeout: answerMs }),
  };
}

class UndiciExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #handler: UpstreamHandler;
  /** Set as soon as the request has a connection. */
  #controller: Dispatcher.DispatchController | undefined;
  #aborted = false;

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

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
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
    this.fail(failureOf(error, this.#controller !== undefined), error);
  }

  /** Later, for a request that undici will not even queue fails before `send` has returned. */
  fail(failure: UpstreamFailure, error: Error): void {
    queueMicrotask(() => {
      if (!this.#aborted) this.#handler.onError(failure, error);
    });
  }
}

function failureOf(error: NodeJS.ErrnoException, started: boolean): UpstreamFailure {
  const { code = '' } = error;
  if (started) return code.endsWith('_TIMEOUT') ? 'timeout' : 'broken';
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
