import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { asksUpgrade } from '../upgrade.ts';
import { REFUSALS, type Refusal, refuse } from './refusal.ts';
import type { MessageLimits, Serve } from './serve.ts';
import { Turns } from './turns.ts';

/** The HTTP/1.1 side of a listener, and the server that accepts its connections, whatever they speak. */
export interface Http1 {
  /** What it accepts is not read: that is what `read` is for. */
  readonly server: Server;
  /** Reads requests from a connection. */
  read(connection: Duplex): void;
}

/** Creates a server of HTTP/1.1 that leaves its connections to `onConnection`. */
export function createHttp1(
  { headerBytes, headersMs, requestMs }: MessageLimits,
  serve: Serve,
  onConnection: (socket: Socket) => void,
): Http1 {
  const turns = new Turns();
  const server = createServer({
    maxHeaderSize: headerBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(1_000, headersMs), // by default Node looks every 30 s whether time is up
    keepAliveTimeout: 65_000, // longer than the idle time of load balancers in front, so that they close first
    insecureHTTPParser: false, // whatever the command line of the process says
    noDelay: true,
    requireHostHeader: false, // Node would answer by itself, and read on
    shouldUpgradeCallback: (request) =>
      serve.upgrade !== undefined && asksUpgrade(request) && !turns.busy(request.socket),
  });
  server.maxHeadersCount = 0; // their bytes are limited, and older Nodes leave out the rest without a word
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    turns.take(request.socket, response, () =>
      request.httpVersionMajor === 1 ? serve.request(request, response) : refuse(request.socket, REFUSALS.malformed),
    );
  server.on('request', onRequest).on('checkContinue', onRequest);
  if (serve.upgrade) server.on('upgrade', serve.upgrade);
  server.on('connect', (_, connection) => refuse(connection, REFUSALS.tunnel));
  server.on('clientError', (error: NodeJS.ErrnoException, connection) => {
    const reason = reasonFor(error);
    if (!reason) return connection.destroy();
    turns.fail(connection, (begun) => {
      if (!begun && connection.writable) refuse(connection, reason);
      else connection.destroy();
    });
  });

  // Node's own reader is not told of a connection before it is known to speak HTTP/1.1.
  const [reader] = server.listeners('connection') as [(connection: Duplex) => void];
  server.removeListener('connection', reader);
  server.on('connection', onConnection);
  return { server, read: (connection) => reader.call(server, connection) };
}

/** Undefined when nobody is there any more to be told: the connection broke. */
function reasonFor({ code = '' }: NodeJS.ErrnoException): Refusal | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return REFUSALS.headersTooLarge;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return REFUSALS.slow;
  return code.startsWith('HPE_') ? REFUSALS.malformed : undefined;
}
