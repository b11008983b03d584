import type { IncomingMessage, ServerResponse } from 'node:http';
import { enter } from './inbound.ts';

/** The part of Koa's context that the middleware reads. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Middleware of the form that Koa takes. */
export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;

/** Middleware for Koa that runs all that follows in the lane of the request. Use it before any other. */
export function koaMiddleware(): KoaMiddleware {
  return function graylane({ req, res }, next) {
    return enter(req.headers, [req, res], next);
  };
}
