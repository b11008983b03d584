import { Readable } from 'node:stream';
import type { Instance } from '@graylane/core';
import type { Exchange, Upstream, UpstreamFailure, UpstreamRequest } from '../../src/upstream.ts';

/** What became of a request. */
export interface Outcome {
  status: number | undefined;
  body: string;
  failure: UpstreamFailure | undefined;
  message: string;
}

/** A request under way, and what has become of it so far. */
export interface Sent extends Outcome {
  readonly exchange: Exchange;
  readonly over: Promise<Outcome>;
}

/** Sends a request; `false` for `reads` pauses after each part of the body. */
export function send(upstream: Upstream, to: Instance, asked: Partial<UpstreamRequest> = {}, reads = true): Sent {
  const outcome: Outcome = { status: undefined, body: '', failure: undefined, message: '' };
  let end = (_: Outcome): void => {};
  const over = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  const request = { method: 'GET', target: '/', lines: ['Host', 'shop'], body: undefined, ...asked };
  const exchange = upstream.send(to, request, {
    onHead: (status) => {
      outcome.status = status;
    },
    onData: (chunk, _last, done) => {
      outcome.body += chunk.toString('latin1');
      done?.();
      return reads;
    },
    onEnd: () => end(outcome),
    onError: (failure, { message }) => end(Object.assign(outcome, { failure, message })),
  });
  return Object.assign(outcome, { exchange, over });
}

/** A body in these parts. */
export function bodyOf(...parts: readonly string[]): Readable {
  return Readable.from(
    parts.map((part) => Buffer.from(part)),
    { objectMode: false },
  );
}
