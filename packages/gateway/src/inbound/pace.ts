import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2Request } from './http2-request.ts';
import { REFUSALS, refuseRequest } from './refusal.ts';
import type { Serve } from './serve.ts';

/** Over which time the pace of a body is looked at, in milliseconds. */
const WINDOW_MS = 5_000;

/** Serves requests, and refuses those whose body comes more slowly than this. */
export function withPace(serve: Serve, bytesPerSecond: number, windowMs: number = WINDOW_MS): Serve {
  return {
    ...serve,
    request(request, response) {
      serve.request(request, response);
      if (!request.complete && !isConversation(request)) watch(request, response, bytesPerSecond, windowMs);
    },
  };
}

/** Whether a request may last as long as it likes, and say nothing for as long: gRPC's, whose body is one of many calls. */
export function isConversation({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('application/grpc') ?? false;
}

function watch(request: IncomingMessage, response: ServerResponse, bytesPerSecond: number, windowMs: number): void {
  let before = bytesOf(request);
  const timer = setInterval(() => {
    const now = bytesOf(request);
    const tooFew = now - before < (bytesPerSecond * windowMs) / 1000;
    before = now;
    if (request.complete) clearInterval(timer);
    else if (tooFew && !request.isPaused()) refuseRequest(response, REFUSALS.slow); // paused, it waits for us
  }, windowMs).unref();
  response.once('close', () => clearInterval(timer));
}

/** How much has come: in HTTP/1.1 a request has its connection for itself. */
function bytesOf(request: IncomingMessage): number {
  return request instanceof Http2Request ? request.received : request.socket.bytesRead;
}
