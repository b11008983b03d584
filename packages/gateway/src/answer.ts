import type { ServerResponse } from 'node:http';
import { ERRORS, type ErrorCode, type ErrorRow } from '@graylane/core';

/**
 * How long a refused client may go on sending, in milliseconds. A connection that is closed while bytes are unread is
 * reset, and then a client may never get to read why.
 */
const LINGER_MS = 5_000;

/** Errors after which nobody can be sure where the next request of the connection would begin: it is closed. */
const LAST: ReadonlySet<ErrorCode> = new Set(['GL_BODY_TOO_LARGE', 'GL_REQUEST_INVALID']);

/** Answers with an error of ours as JSON; when the answer has begun already, breaks it off so that the client notices. */
export function answerError(response: ServerResponse, code: ErrorCode, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status = 500, remedy }: ErrorRow = ERRORS[code];
  const closing = LAST.has(code);
  const body = JSON.stringify({ error: { code, message, remedy } });
  if (closing) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  if (code === 'GL_BODY_TOO_LARGE' && !response.req.complete) linger(response, body);
  else response.end(body);
}

/** Sends the whole body, and ends, which closes the connection, when the client has stopped sending or has had its time. */
function linger(response: ServerResponse, body: string): void {
  const { req } = response;
  const timer = setTimeout(() => response.end(), LINGER_MS);
  req.once('close', () => {
    clearTimeout(timer);
    response.end();
  });
  response.write(body);
  req.resume();
}
