import { AsyncLocalStorage } from 'node:async_hooks';
import { LANE_HEADER } from '@graylane/core';
import {
  type Context,
  type ContextManager,
  context,
  createContextKey,
  diag,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import { baggageHeader, receive } from './context.ts';
import { publishError } from './diagnostics.ts';

/** What the application's OpenTelemetry had, and what was added so that a lane can travel. */
export interface OpenTelemetryState {
  readonly contextManager: 'present' | 'added' | 'missing';
  readonly baggagePropagator: 'present' | 'added' | 'missing';
}

const PROBE = createContextKey('graylane.probe');

/**
 * Looks at the OpenTelemetry set-up of this process, and completes it where a lane could not travel: a context manager
 * where the API cannot hold a context, a baggage propagator where the one in place does not carry baggage. Whoever sets
 * the API's globals first wins, so nothing is added while an SDK may still come: `only: 'beside-sdk'` adds a propagator
 * to an SDK that is there, and nothing where none is.
 */
export function completeOpenTelemetry(only?: 'beside-sdk'): OpenTelemetryState {
  const hasManager = holdsContext();
  const hasPropagator = propagation.fields().includes('baggage');
  const addedManager = !hasManager && only === undefined && context.setGlobalContextManager(new LaneContextManager());
  const addedPropagator = !hasPropagator && (hasManager || addedManager) && addBaggagePropagator();
  return {
    contextManager: hasManager ? 'present' : addedManager ? 'added' : 'missing',
    baggagePropagator: hasPropagator ? 'present' : addedPropagator ? 'added' : 'missing',
  };
}

let completed: OpenTelemetryState | undefined;

/**
 * Completes OpenTelemetry when the first request or job comes, once: until then, an SDK that the program sets up after
 * us must find its place free.
 */
export function completeOnce(): OpenTelemetryState {
  if (completed) return completed;
  completed = completeOpenTelemetry();
  if (completed.contextManager === 'missing') {
    const detail =
      'an older @opentelemetry/api is in use, and this copy can hold no context beside it: install one copy';
    publishError('OpenTelemetry', new Error(detail));
  }
  return completed;
}

/** Whether the API holds a context: without an SDK it forgets it at once. */
function holdsContext(): boolean {
  return context.with(ROOT_CONTEXT.setValue(PROBE, true), () => context.active().getValue(PROBE) === true);
}

/** The registry of the API's globals, which every copy of the API shares. */
interface APIGlobals {
  propagation?: TextMapPropagator;
}

/**
 * Puts our propagator behind the one in place. The API has no way to ask for that one, but its globals have a fixed name;
 * and where they are of another version of the API, it would take the one in place away and then refuse ours.
 */
function addBaggagePropagator(): boolean {
  const ours = new LanePropagator();
  const globals = (globalThis as Record<symbol, APIGlobals | undefined>)[Symbol.for('opentelemetry.js.api.1')];
  diag.debug('graylane: adding a baggage propagator to the global one');
  if (!globals) return propagation.setGlobalPropagator(ours);
  globals.propagation = globals.propagation ? new BothPropagators(globals.propagation, ours) : ours;
  return true;
}

/** Carries W3C baggage, the lane first, as the hooks do where no OpenTelemetry runs. */
export class LanePropagator implements TextMapPropagator {
  fields(): string[] {
    return ['baggage', LANE_HEADER];
  }

  inject(ctx: Context, carrier: unknown, setter: TextMapSetter): void {
    const header = baggageHeader(ctx);
    if (header !== undefined) setter.set(carrier, 'baggage', header);
  }

  extract(ctx: Context, carrier: unknown, getter: TextMapGetter): Context {
    return receive(ctx, { baggage: getter.get(carrier, 'baggage'), [LANE_HEADER]: getter.get(carrier, LANE_HEADER) });
  }
}

class BothPropagators implements TextMapPropagator {
  readonly #first: TextMapPropagator;
  readonly #second: TextMapPropagator;

  constructor(first: TextMapPropagator, second: TextMapPropagator) {
    this.#first = first;
    this.#second = second;
  }

  fields(): string[] {
    return [...this.#first.fields(), ...this.#second.fields()];
  }

  inject(ctx: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#first.inject(ctx, carrier, setter);
    this.#second.inject(ctx, carrier, setter);
  }

  extract(ctx: Context, carrier: unknown, getter: TextMapGetter): Context {
    return this.#second.extract(this.#first.extract(ctx, carrier, getter), carrier, getter);
  }
}

/** Holds contexts in an AsyncLocalStorage, for processes without an OpenTelemetry SDK. */
class LaneContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<Args extends unknown[], Fn extends (...args: Args) => ReturnType<Fn>>(
    ctx: Context,
    fn: Fn,
    thisArg?: ThisParameterType<Fn>,
    ...args: Args
  ): ReturnType<Fn> {
    return this.#storage.run(ctx, () => fn.apply(thisArg, args));
  }

  bind<Target>(ctx: Context, target: Target): Target {
    if (typeof target !== 'function') return target;
    const run = (self: unknown, args: unknown[]): unknown => this.#storage.run(ctx, () => target.apply(self, args));
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return run(this, args);
    };
    Object.defineProperty(bound, 'length', { value: target.length });
    return bound as Target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
