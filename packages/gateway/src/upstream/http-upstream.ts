import { authorityOf, type Instance } from '@graylane/core';
import {
  type Exchange,
  UPSTREAM_TIMEOUTS,
  type Upstream,
  type UpstreamFailure,
  type UpstreamHandler,
  type UpstreamRequest,
  type UpstreamTimeouts,
} from '../upstream.ts';
import { Deadlines } from './deadlines.ts';
import { HttpExchange } from './http-exchange.ts';
import { POOL_LIMITS, Pool, type PoolLimits } from './pool.ts';
import { ReadMemories } from './read-memory.ts';
import { writeRequestHead } from './request-head.ts';

/** How instances are reached. What is not given is as in the defaults. */
export interface HttpUpstreamOptions {
  /** Read whenever an instance is reached for the first time, so that they can be changed for those to come. */
  readonly timeouts?: Partial<UpstreamTimeouts>;
  readonly limits?: Partial<PoolLimits>;
  /** Milliseconds that upgraded connections may stay when their instance is not listed any more. Default 30,000. */
  readonly drainMs?: number;
}

const DRAIN_MS = 30_000;

/**
 * An upstream of our own for HTTP/1.1 without TLS, on bare sockets: no stream, promise or timer for a request. A request
 * for which an old connection turns out to be closed goes over a fresh one, where that cannot make anything happen twice.
 */
export function httpUpstream({ timeouts, limits, drainMs = DRAIN_MS }: HttpUpstreamOptions = {}): Upstream {
  const deadlines = new Deadlines();
  const memories = new ReadMemories();
  const pools = new Map<string, Pool>();
  /** Those of instances that are not listed any more. */
  const draining = new Set<Pool>();
  /** Found by the instance itself, which mostly saves putting its authority together. */
  const known = new WeakMap<Instance, Pool>();

  const poolOf = (instance: Instance): Pool => {
    let pool = known.get(instance);
    if (pool && !pool.closing) return pool;
    const authority = authorityOf(instance);
    pool = pools.get(authority);
    if (!pool) {
      pool = new Pool(
        instance,
        { ...UPSTREAM_TIMEOUTS, ...timeouts },
        { ...POOL_LIMITS, ...limits },
        deadlines,
        memories,
      );
      pools.set(authority, pool);
    }
    known.set(instance, pool);
    return pool;
  };

  return {
    send(instance, request, handler) {
      const head = writeRequestHead(request, () => authorityOf(instance));
      if (typeof head === 'string') return failed('broken', new Error(head), request, handler);
      const exchange = new HttpExchange(request, head, handler);
      try {
        poolOf(instance).send(exchange);
        return exchange;
      } catch (error) {
        return failed('connect-failed', error as Error, request, handler); // a registry may hold what is no port
      }
    },
    keep(authorities) {
      for (const pool of draining) if (pool.empty) draining.delete(pool);
      for (const [authority, pool] of pools) {
        if (authorities.has(authority)) continue;
        pools.delete(authority);
        pool.drain(drainMs);
        draining.add(pool);
      }
    },
    async close() {
      for (const pool of [...pools.values(), ...draining]) pool.destroy();
      pools.clear();
      draining.clear();
    },
  };
}

/** An exchange that fails when `send` has returned. */
function failed(failure: UpstreamFailure, error: Error, request: UpstreamRequest, handler: UpstreamHandler): Exchange {
  const exchange = new HttpExchange(request, { text: '', length: undefined }, handler);
  queueMicrotask(() => exchange.fail(failure, error));
  return exchange;
}
