import type { IncomingMessage, ServerResponse } from 'node:http';
import { enter } from './inbound.ts';

/** Middleware of the form that Express and Connect take. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Middleware for Express that runs all that follows in the lane of the request. Use it before any other. */
export function expressMiddleware(): ExpressMiddleware {
  return function graylane(request, response, next) {
    enter(request.headers, [request, response], () => next());
  };
}
