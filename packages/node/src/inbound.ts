import type { EventEmitter } from 'node:events';
import type { Lane } from '@graylane/core';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { bindEmitter } from './bind-emitter.ts';
import { type LaneHeaders, receive, withLane } from './context.ts';
import { publishError } from './diagnostics.ts';
import { completeOnce } from './otel.ts';

/**
 * Runs `next` in the context of an incoming request: its lane, and the other baggage that it brought. What the emitters
 * (request and response) tell later, as a body's `end`, runs in it too, because Node calls such listeners from wherever
 * the socket is read. An error of ours never keeps `next` from running.
 */
export function enter<Result>(headers: LaneHeaders, emitters: readonly EventEmitter[], next: () => Result): Result {
  const ctx = contextOf(headers);
  if (ctx === undefined || ctx === context.active()) return next();
  for (const emitter of emitters) bindEmitter(ctx, emitter);
  return context.with(ctx, next);
}

/** Runs `fn` in a lane: for jobs, timers and tests, whose calls no request started. Returns what `fn` returns. */
export function runInLane<Result>(lane: Lane, fn: () => Result): Result {
  completeOnce();
  return context.with(withLane(context.active(), lane), fn);
}

function contextOf(headers: LaneHeaders): Context | undefined {
  try {
    // Where no instrumentation has made a context for this request, the active one is some other's that leaked in.
    return receive(completeOnce().contextManager === 'added' ? ROOT_CONTEXT : context.active(), headers);
  } catch (error) {
    publishError('middleware', error);
    return undefined;
  }
}
