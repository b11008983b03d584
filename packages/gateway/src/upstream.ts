import type { Duplex, Readable } from 'node:stream';
import type { Instance } from '@graylane/core';

/** A request on its way to an instance. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** Header lines, `[name, value, …]`, `Host` among them, none of them about the connection but `TE: trailers`. */
  readonly lines: readonly string[];
  /** Undefined when there is no body. Not read before there is a connection, so that it can be sent elsewhere. */
  readonly body: Readable | undefined;
  /** Lines to send after a chunked body, asked for when it has ended. Default: none. */
  readonly trailers?: () => readonly string[];
  /** The protocol to switch to, as `websocket`. Default: none, and an instance that switches has broken off. */
  readonly upgrade?: string | undefined;
  /** Milliseconds to the answer's head, for this request. Default: the upstream's. */
  readonly answerMs?: number;
}

/** How an exchange failed. */
export type UpstreamFailure =
  /** No connection came about. Not a byte was sent: another instance may be tried. */
  | 'connect-failed'
  /** Too many requests wait for connections to this instance. Not a byte was sent. */
  | 'overloaded'
  /** The instance did not answer, or stopped in the middle, for too long. */
  | 'timeout'
  /** The connection broke before a byte of the answer came. The instance may have acted on the request. */
  | 'unanswered'
  /** The connection broke, or what came over it was no answer. The instance may have acted on the request. */
  | 'broken';

/**
 * What comes back. Calls come in this order: any number of `onInformation`, `onHead`, any number of `onData`, then `onEnd`
 * or `onError`; or `onUpgrade` alone. None of them comes before `send` has returned.
 */
export interface UpstreamHandler {
  /** An interim answer other than 100. */
  onInformation?(status: number, message: string, lines: readonly string[]): void;
  /** The final answer's head, with header lines as the instance sent them. */
  onHead(status: number, message: string, lines: readonly string[]): void;
  /**
   * A part of the body; `last` when `onEnd` follows at once. With `done` its memory is only lent, and that is to be called
   * when it is not needed any more; without, it is the handler's. False asks for a pause until `resume`.
   */
  onData(chunk: Buffer, last: boolean, done?: () => void): boolean;
  /** The answer is complete, with these lines behind its body. */
  onEnd(trailers: readonly string[]): void;
  /** The instance has switched to the protocol asked for: the connection is the handler's now, `head` came over it already. */
  onUpgrade?(message: string, lines: readonly string[], connection: Duplex, head: Buffer): void;
  onError(failure: UpstreamFailure, error: Error): void;
}

/** An exchange under way. */
export interface Exchange {
  /** Ends it; `onError` is not called for that. */
  abort(): void;
  /** Goes on after a pause. */
  resume(): void;
}

/** Sends requests to instances over kept-alive connections. How it does that is its own affair. */
export interface Upstream {
  /** Never throws: what cannot be sent fails. */
  send(instance: Instance, request: UpstreamRequest, handler: UpstreamHandler): Exchange;
  /**
   * Gives up the connections to all other instances, named by `host:port`: idle ones at once, the others when their
   * exchange is over, and upgraded ones after a while.
   */
  keep(authorities: ReadonlySet<string>): void;
  close(): Promise<void>;
}

/** Time limits of an upstream, in milliseconds. */
export interface UpstreamTimeouts {
  /** To connect. Default 2000. */
  readonly connectMs: number;
  /** From the request's end to the answer's head. Default 60,000. */
  readonly answerMs: number;
  /** Between two parts of the answer's body. Default 300,000. */
  readonly idleMs: number;
}

export const UPSTREAM_TIMEOUTS: UpstreamTimeouts = { connectMs: 2_000, answerMs: 60_000, idleMs: 300_000 };
