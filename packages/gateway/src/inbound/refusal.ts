import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS, type ErrorCode, type ErrorRow } from '@graylane/core';

/** Why a connection or what came over it is refused before there is a request. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** Default: that of the code. */
  readonly status?: number;
}

/** All such reasons. */
export const REFUSALS: Readonly<
  Record<'malformed' | 'tunnel' | 'slow' | 'headersTooLarge' | 'addressFull' | 'full', Refusal>
> = {
  malformed: { code: 'GL_REQUEST_INVALID', message: 'this is no HTTP request that can be read in one way only' },
  tunnel: { code: 'GL_REQUEST_INVALID', message: 'this is no proxy for tunnels', status: 405 },
  slow: { code: 'GL_REQUEST_TIMEOUT', message: 'the request did not come in time' },
  headersTooLarge: { code: 'GL_HEADERS_TOO_LARGE', message: 'the headers are larger than the limit' },
  addressFull: { code: 'GL_TOO_MANY_CONNECTIONS', message: 'there are too many connections from this address' },
  full: { code: 'GL_OVERLOADED', message: 'there are too many connections' },
};

/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Answers in HTTP/1.1 and ends the connection. It is not destroyed at once: with bytes unread it would be reset, and the
 * client might never get to read why.
 */
export function refuse(socket: Duplex, refusal: Refusal): void {
  const { status, headers, body } = inJSON(refusal);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer));
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
}

/** Answers a request; when its answer has begun already, breaks that off. */
export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const { status, headers, body } = inJSON(refusal);
  response.shouldKeepAlive = false;
  response.writeHead(status, headers);
  response.end(body);
}

function inJSON({ code, message, status }: Refusal) {
  const { remedy, status: usual = 500 }: ErrorRow = ERRORS[code];
  const body = JSON.stringify({ error: { code, message, remedy } });
  return {
    status: status ?? usual,
    headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)) },
    body,
  };
}
