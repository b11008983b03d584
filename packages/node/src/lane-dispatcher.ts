import diagnostics from 'node:diagnostics_channel';
import { authorityOf, type Instance, STABLE } from '@graylane/core';
import { type Context, context, propagation } from '@opentelemetry/api';
import type * as Undici from 'undici';
import { laneOf, withLane } from './context.ts';
import { publishError } from './diagnostics.ts';
import { findHeaders, withHeaders } from './dispatch-headers.ts';
import { FollowingHandler } from './following-handler.ts';
import { type CallPicks, route } from './outgoing.ts';

type Dispatcher = Undici.Dispatcher;
type Options = Undici.Dispatcher.DispatchOptions;
type Handler = Undici.Dispatcher.DispatchHandler;

/** Options of a lane dispatcher. */
export interface LaneDispatcherOptions {
  /** For hosts that the registry does not know, and for all once this dispatcher is closed. Default: an agent of its own. */
  readonly otherwise?: Dispatcher;
  /** How many connections to one instance. Default: as many as there are calls under way. */
  readonly connections?: number;
  /** Options for TLS and for connecting, as undici's `connect`: `ca`, `timeout` in milliseconds … */
  readonly connect?: Undici.buildConnector.BuildOptions;
  /** Milliseconds to wait for an answer's headers. Default 300,000. */
  readonly headersTimeout?: number;
  /** Milliseconds between two parts of an answer's body. Default 300,000. */
  readonly bodyTimeout?: number;
}

/** An agent whose connections all go to one instance. */
interface InstanceAgent {
  readonly agent: Undici.Agent;
  usedAt: number;
}

/** Agents that were not used for so long are closed when a new one is made: their instances are mostly gone. */
const IDLE_MS = 60_000;

/**
 * A dispatcher that sends each request to an instance of its lane. The origin of the request stays the service's, so that
 * spans, `Host` and the TLS server name are right; only the connection goes to the instance. Each instance has an agent of
 * its own, so no connection crosses lanes.
 */
export function createLaneDispatcher(
  undici: typeof Undici,
  router: CallPicks,
  options: LaneDispatcherOptions = {},
): Dispatcher {
  const { connections, headersTimeout, bodyTimeout } = options;
  const otherwise = options.otherwise ?? new undici.Agent();
  const connect = undici.buildConnector({ allowH2: false, ...options.connect });
  const agents = new Map<string, InstanceAgent>();
  let closed = false;

  const agentOf = (instance: Instance): Undici.Agent => {
    const authority = authorityOf(instance);
    const now = performance.now();
    let entry = agents.get(authority);
    if (!entry) {
      closeIdle(now);
      entry = { agent: agentTo(instance), usedAt: now };
      agents.set(authority, entry);
    }
    entry.usedAt = now;
    return entry.agent;
  };

  const agentTo = ({ host, port }: Instance): Undici.Agent => {
    const agent = new undici.Agent({
      allowH2: false,
      ...(connections !== undefined && { connections }),
      ...(headersTimeout !== undefined && { headersTimeout }),
      ...(bodyTimeout !== undefined && { bodyTimeout }),
      connect: (target, done) => {
        const servername = target.protocol === 'https:' ? (target.servername ?? target.hostname) : undefined;
        connect({ ...target, hostname: host, host, port: String(port), servername: servername as string }, done);
      },
    });
    for (const event of EVENTS) agent.on(event as 'drain', (...told) => dispatcher.emit(event as 'drain', ...told));
    return agent;
  };

  const closeIdle = (now: number): void => {
    for (const [authority, { agent, usedAt }] of agents) {
      if (now - usedAt < IDLE_MS) continue;
      agents.delete(authority);
      void agent.close();
    }
  };

  /** How to send a request; undefined when it goes as it would have gone without us. */
  const direct = (opts: Options, handler: Handler): (() => boolean) | undefined => {
    const host = hostOf(opts.origin);
    if (host === undefined) return undefined;
    const before = findHeaders(opts.headers);
    const outgoing = route(router, host, before);
    switch (outgoing.kind) {
      case 'refused':
        return () => {
          // As undici's own dispatchers report that a request cannot begin, though not before `dispatch` has returned.
          queueMicrotask(() => handler.onResponseError?.(null as never, outgoing.error));
          return true;
        };
      case 'elsewhere': {
        const ctx = context.active();
        const going = withHeaders(opts, before, outgoing.headers);
        if (laneOf(ctx) === STABLE) return () => otherwise.dispatch(going, handler);
        const following = new FollowingHandler(handler);
        return () => context.with(withLane(ctx, STABLE), () => otherwise.dispatch(going, following));
      }
      case 'instance': {
        const following = new FollowingHandler(handler, outgoing.call.end);
        const agent = agentOf(outgoing.call.served.instance);
        const going = withHeaders(opts, before, outgoing.headers);
        return () => withoutBaggage(() => agent.dispatch(going, following));
      }
    }
  };

  class LaneDispatcher extends undici.Dispatcher {
    override dispatch(opts: Options, handler: Handler): boolean {
      let send: (() => boolean) | undefined;
      try {
        if (!closed) send = direct(opts, handler);
      } catch (error) {
        publishError('undici hook', error);
      }
      return send ? send() : otherwise.dispatch(opts, handler);
    }

    override async close(): Promise<void> {
      closed = true;
      await Promise.all([...agents.values()].map(({ agent }) => agent.close()));
      if (!options.otherwise) await otherwise.close();
    }

    override async destroy(): Promise<void> {
      closed = true;
      await Promise.all([...agents.values()].map(({ agent }) => agent.destroy()));
      if (!options.otherwise) await otherwise.destroy();
    }

    /** Limits that the application gave the dispatcher whose place we take. Undici's web sockets and event sources ask. */
    get webSocketOptions(): unknown {
      return (otherwise as Limits).webSocketOptions;
    }

    get eventSourceOptions(): unknown {
      return (otherwise as Limits).eventSourceOptions;
    }
  }
  const dispatcher = new LaneDispatcher();
  return dispatcher;
}

type Limits = Dispatcher & { readonly webSocketOptions?: unknown; readonly eventSourceOptions?: unknown };

const EVENTS = ['connect', 'disconnect', 'connectionError', 'drain'] as const;

function hostOf(origin: Options['origin']): string | undefined {
  if (origin instanceof URL) return origin.hostname;
  return origin === undefined ? undefined : /^https?:\/\/([^/:]+)/i.exec(origin)?.[1];
}

const requestCreated = diagnostics.channel('undici:request:create');

/**
 * Runs `send` so that no instrumentation appends the active baggage to headers which have it already: two headers would
 * arrive, and OpenTelemetry's has the lane wherever it came in, or another one.
 */
function withoutBaggage(send: () => boolean): boolean {
  const ctx: Context = context.active();
  if (!requestCreated.hasSubscribers || propagation.getBaggage(ctx) === undefined) return send();
  return context.with(propagation.deleteBaggage(ctx), send);
}
