import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a connection or what came over it is refused before there is a request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** All such reasons. */
export const REFUSALS = {
  malformed: {
    status: 400,
    code: 'GL_REQUEST_INVALID',
    message: 'this is no HTTP request that can be read in one way only',
    remedy: 'Mend the client: the message says what is wrong with its request.',
  },
  slow: {
    status: 408,
    code: 'GL_REQUEST_TIMEOUT',
    message: 'the request did not come in time',
    remedy: 'Send it faster, or raise the time limits of the gateway.',
  },
  headersTooLarge: {
    status: 431,
    code: 'GL_HEADERS_TOO_LARGE',
    message: 'the headers are larger than the limit',
    remedy: 'Send less, or raise `limits.headerBytes`.',
  },
  addressFull: {
    status: 429,
    code: 'GL_TOO_MANY_CONNECTIONS',
    message: 'there are too many connections from this address',
    remedy: 'Use the connections again that are open, or raise `connectionsPerAddress` of the listener.',
  },
  full: {
    status: 503,
    code: 'GL_OVERLOADED',
    message: 'there are too many connections',
    remedy: 'Try again later, start another gateway, or raise `connections` of the listener.',
  },
} as const satisfies Record<string, Refusal>;

/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Answers in HTTP/1.1 and ends the connection. It is not destroyed at once: with bytes unread it would be reset, and the
 * client might never get to read why.
 */
export function refuse(socket: Duplex, { status, code, message, remedy }: Refusal): void {
  const { headers, body } = inJSON({ code, message, remedy });
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer));
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
}

/** Answers a request; when its answer has begun already, breaks that off. */
export function refuseRequest(response: ServerResponse, { status, code, message, remedy }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const { headers, body } = inJSON({ code, message, remedy });
  response.shouldKeepAlive = false;
  response.writeHead(status, headers);
  response.end(body);
}

function inJSON(error: Omit<Refusal, 'status'>) {
  const body = JSON.stringify({ error });
  return {
    headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)) },
    body,
  };
}
