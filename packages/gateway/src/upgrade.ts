import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerError } from './answer.ts';
import { hasBody } from './body.ts';

/** A client that asks for another protocol, as WebSocket: RFC 9110 §7.8, RFC 6455. */
export interface ClientUpgrade {
  /** As it is asked for, `websocket`. */
  readonly protocol: string;
  readonly socket: Duplex;
  /** What the client has sent behind its request already. */
  readonly head: Buffer;
}

/**
 * The protocols that a request asks for and that can go through; undefined when there are none, and then it is a request
 * like any other. HTTP/2 cannot, for its requests would reach an instance without being looked at, nor can anything
 * behind a body, whose end no other server need see where we do.
 */
export function upgradeOf(request: IncomingMessage): string | undefined {
  if (request.httpVersion !== '1.1' || hasBody(request)) return undefined;
  const asked = (request.headers.upgrade ?? '').split(',').map((protocol) => protocol.trim());
  const kept = asked.filter((protocol) => protocol !== '' && !/^h2c?$|^http\//i.test(protocol));
  return kept.length === 0 ? undefined : kept.join(', ');
}

/** Handles a request, with the client's connection when it can be given away. */
export type HandleUpgrade = (request: IncomingMessage, response: ServerResponse, upgrade?: ClientUpgrade) => void;

/**
 * Serves the `upgrade` event of a server. What asks for nothing that can go through is handled as the request that it also
 * is; a server whose `shouldUpgradeCallback` is {@link asksUpgrade} does not let it come here.
 */
export function serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, handle: HandleUpgrade): void {
  const response = answerTo(request, socket);
  if (!response) return void socket.destroy();
  const protocol = upgradeOf(request);
  if (protocol !== undefined) return handle(request, response, { protocol, socket, head });
  if (!hasBody(request)) return handle(request, response);
  answerError(response, 'GL_REQUEST_INVALID', 'a request with a body asks for another protocol'); // nobody reads the body
}

/** Whether a request asks for another protocol that can go through; else it is a request like any other. */
export function asksUpgrade(request: IncomingMessage): boolean {
  return upgradeOf(request) !== undefined;
}

/**
 * An answer for a request that a server has given out with its connection (its `upgrade` event), as long as that speaks
 * HTTP: for refusals, and for instances that do not switch. It is the connection's last. Undefined when an answer to an
 * earlier request is not out yet.
 */
function answerTo(request: IncomingMessage, connection: Duplex): ServerResponse | undefined {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  const socket = connection as Socket;
  socket.on('error', () => socket.destroy());
  // Only who reads gets to know that the client has gone. What it sends stays where it is until the tunnel begins.
  socket.on('readable', noticeEnd).on('end', endEarly);
  try {
    response.assignSocket(socket);
  } catch {
    return undefined;
  }
  response.on('finish', () => socket.destroySoon());
  return response;
}

/** Takes the connection from its answer. */
export function takeConnection({ socket }: ClientUpgrade): Duplex {
  return socket.off('readable', noticeEnd).off('end', endEarly);
}

function noticeEnd(this: Duplex): void {
  if (this.readableLength === 0) this.read(0);
}

function endEarly(this: Duplex): void {
  this.destroy();
}
