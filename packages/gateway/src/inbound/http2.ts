import type { ServerResponse } from 'node:http';
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { watchFarewell } from './farewell.ts';
import { type Http2Head, Http2Request } from './http2-request.ts';
import { Http2Response } from './http2-response.ts';
import { isConversation } from './pace.ts';
import { REFUSALS, refuseRequest } from './refusal.ts';
import type { MessageLimits, Serve } from './serve.ts';

/** What a connection of HTTP/2 may ask for. */
export interface Http2Limits {
  /** Requests at a time on a connection. Default 100. */
  readonly streams: number;
  /** Milliseconds without a request before a connection is closed. Default 65,000. */
  readonly idleMs: number;
  /** Milliseconds between two looks at a connection that is ending: without a sign of life it is closed. Default 10,000. */
  readonly probeMs: number;
  /** How many requests a connection may reset at once, and how many a second in the long run. Default 200 and 33. */
  readonly resets: number;
  readonly resetsPerSecond: number;
}

export const HTTP2_LIMITS: Http2Limits = {
  streams: 100,
  idleMs: 65_000,
  probeMs: 10_000,
  resets: 200,
  resetsPerSecond: 33,
};

/**
 * The HTTP/2 side of a listener. What RFC 9113 calls malformed, Node resets by itself, and it closes connections that send
 * floods: of resets (CVE-2023-44487), continuations (CVE-2024-28182), settings, pings, and empty or invalid frames.
 */
export class Http2 {
  readonly #limits: MessageLimits & Http2Limits;
  readonly #serve: Serve;
  readonly #sessions = new Map<ServerHttp2Session, Socket>();
  #closing = false;

  constructor(limits: MessageLimits & Http2Limits, serve: Serve) {
    this.#limits = limits;
    this.#serve = serve;
  }

  /** Reads requests from a connection, from the preface on. */
  read(socket: Socket): void {
    const session = performServerHandshake(socket, optionsFor(this.#limits));
    this.#sessions.set(session, socket);
    session.once('close', () => this.#sessions.delete(session));
    session.on('error', () => {}); // it is closed, and its requests are told
    socket.once('end', () => session.destroy()); // as in HTTP/1.1, a client that says no more waits for nothing
    closeWhenIdle(session, this.#limits);
    session.once('goaway', () => watchFarewell(session, socket, this.#limits.probeMs));
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, lines: string[]) => {
      if (this.#closing) session.close();
      this.#begin(socket, stream, { headers, flags, lines });
    });
  }

  /**
   * Tells every client that no further request is taken on its connection, and which was the last that was; those that
   * are under way go on to their end. Connections that come later are told so with their first request.
   */
  goAway(): void {
    this.#closing = true;
    for (const [session, socket] of this.#sessions) {
      session.close();
      watchFarewell(session, socket, this.#limits.probeMs);
    }
  }

  /** Ends everything at once. */
  destroy(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #begin(socket: Socket, stream: ServerHttp2Stream, head: Http2Head): void {
    const { ':method': method, ':scheme': scheme, ':path': path = '' } = head.headers;
    if (method === 'CONNECT' || !/^https?$/i.test(scheme ?? '') || !/^(?:\/|\*$)/.test(path)) {
      stream.on('error', () => {});
      return stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
    }
    const request = new Http2Request(stream, head, socket);
    const response = new Http2Response(stream, request);
    const answer = response as unknown as ServerResponse;
    this.#limitTime(request, answer);
    this.#serve.request(request, answer);
  }

  #limitTime(request: Http2Request, response: ServerResponse): void {
    if (request.complete || isConversation(request)) return;
    const timer = setTimeout(() => {
      if (!request.complete) refuseRequest(response, REFUSALS.slow);
    }, this.#limits.requestMs).unref();
    response.once('close', () => clearTimeout(timer));
  }
}

function optionsFor({ streams, headerBytes, resets, resetsPerSecond }: MessageLimits & Http2Limits) {
  return {
    settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes, enableConnectProtocol: false },
    maxHeaderListPairs: Math.ceil(headerBytes / 32), // each counts for 32 bytes and its own: RFC 9113 §6.5.2
    maxSessionInvalidFrames: 100,
    maxSessionMemory: 20, // in megabytes: that many requests with a part of their answers, and no more
    maxSessionRejectedStreams: streams,
    maxOutstandingPings: 10,
    maxSettings: 32,
    streamResetBurst: resets,
    streamResetRate: resetsPerSecond,
    strictSingleValueFields: false, // an instance's answer is passed on as it is
  };
}

/** Closes a connection that has no request for a while, whatever else comes over it, and one that never begins. */
function closeWhenIdle(session: ServerHttp2Session, { idleMs, headersMs }: MessageLimits & Http2Limits): void {
  let open = 0;
  let timer = setTimeout(() => session.destroy(), headersMs).unref();
  const idle = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => session.close(), idleMs).unref();
  };
  session.once('remoteSettings', () => {
    if (open === 0) idle();
  });
  session.on('stream', (stream: ServerHttp2Stream) => {
    open++;
    clearTimeout(timer);
    stream.once('close', () => {
      if (--open === 0 && !session.destroyed) idle();
    });
  });
  session.once('close', () => clearTimeout(timer));
}
