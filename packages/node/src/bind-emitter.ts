import type { EventEmitter } from 'node:events';
import { type Context, context } from '@opentelemetry/api';

type Listener = (...told: unknown[]) => void;

/** Makes all that an emitter tells from now on be told in a context. */
export function bindEmitter(ctx: Context, emitter: EventEmitter): void {
  const { emit } = emitter;
  emitter.emit = function (this: EventEmitter, ...told: Parameters<EventEmitter['emit']>): boolean {
    return context.active() === ctx ? emit.apply(this, told) : context.with(ctx, () => emit.apply(this, told));
  };
  if (Object.hasOwn(emitter, 'on')) bindListeners(ctx, emitter);
}

/**
 * OpenTelemetry's instrumentation binds each listener of a request to the context that it made, and the first who binds an
 * emitter so stays. Where ours says more, as when only the lane header came, listeners are bound once more, inside.
 */
function bindListeners(ctx: Context, emitter: EventEmitter): void {
  const bound = new WeakMap<Listener, Listener>();
  let adding = false; // `once` calls `on`
  for (const method of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const) {
    const add = emitter[method];
    emitter[method] = function (this: EventEmitter, event: string | symbol, listener: Listener) {
      if (adding || typeof listener !== 'function') return add.call(this, event, listener);
      const ours = bound.get(listener) ?? context.bind(ctx, listener);
      bound.set(listener, ours);
      adding = true;
      try {
        return add.call(this, event, ours);
      } finally {
        adding = false;
      }
    } as typeof add;
  }
  for (const method of ['off', 'removeListener'] as const) {
    const remove = emitter[method];
    emitter[method] = function (this: EventEmitter, event: string | symbol, listener: Listener) {
      return remove.call(this, event, bound.get(listener) ?? listener);
    } as typeof remove;
  }
}
