import type { IncomingMessage, ServerResponse } from 'node:http';
import { enter } from './inbound.ts';

/** What `http.createServer` takes. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Wraps a listener of a plain `node:http` server so that it runs in the lane of each request. */
export function laneListener(listener: RequestListener): RequestListener {
  return (request, response) => enter(request.headers, [request, response], () => listener(request, response));
}
