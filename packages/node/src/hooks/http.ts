import { errorMonitor } from 'node:events';
import type { Agent, ClientRequest } from 'node:http';
import { GraylaneError } from '@graylane/core';
import { publishError } from '../diagnostics.ts';
import { type Call, type CallPicks, outcomeOf, route } from '../outgoing.ts';
import { readHeaders, writeHeaders } from '../request-headers.ts';

/**
 * Node's own hand-over from a request to its agent. It is called once for each attempt and each redirect, for every agent
 * and every way of importing `http`, and its options are Node's copy. What is chosen here is also the key of the agent's
 * socket pool, so a kept-alive socket never crosses lanes; `Host` and TLS server name stay those of the service.
 */
type AddRequest = (this: Agent, request: ClientRequest, options: AgentTarget, ...rest: unknown[]) => void;

/** The part of Node's request options that says where a socket goes. */
interface AgentTarget {
  host?: string;
  hostname?: string;
  port?: number | string;
  servername?: string;
  socketPath?: string;
  [ROUTED]?: true;
}

/** In the options of a request: it was pointed to its instance before it came to the hook. */
export const ROUTED: unique symbol = Symbol.for('graylane.routed') as never;

const OURS = Symbol.for('graylane.hook.http');

/**
 * Hooks `http.Agent.prototype.addRequest`.
 *
 * @throws GraylaneError `GL_HOOKED` when it is hooked already
 */
export function hookHTTP(router: CallPicks): () => void {
  // Not by `import`: that would keep OpenTelemetry's loader from patching named imports of node:http later.
  const { Agent } = process.getBuiltinModule('http');
  const prototype = Agent.prototype as unknown as { addRequest: AddRequest & { [OURS]?: true } };
  const original = prototype.addRequest;
  if (original[OURS]) throw new GraylaneError('GL_HOOKED', 'node:http is hooked already');
  // An agent may hand its request on to another one, as those for proxies do: it is routed only the first time.
  const routed = new WeakSet<ClientRequest>();
  let active = true;
  const hooked: AddRequest & { [OURS]?: true } = function (request, options, ...rest) {
    try {
      if (active && isOpen(this, options) && !routed.has(request)) {
        routed.add(request);
        if (!direct(router, request, options)) return;
      }
    } catch (error) {
      publishError('http hook', error);
    }
    original.call(this, request, options, ...rest);
  };
  hooked[OURS] = true;
  prototype.addRequest = hooked;
  return () => {
    active = false; // for whoever has wrapped or kept our function
    if (prototype.addRequest === hooked) prototype.addRequest = original;
  };
}

/** Whether a request's way can still be chosen. Node takes an agent's own options over those of the request. */
function isOpen(agent: Agent, options: AgentTarget): boolean {
  if (typeof options !== 'object' || options[ROUTED] || !options.host) return false;
  return !options.socketPath && !(agent as { options?: AgentTarget }).options?.socketPath;
}

/** Points a request to its instance. False when it must not go out: then it has failed with an error. */
function direct(router: CallPicks, request: ClientRequest, options: AgentTarget): boolean {
  const name = options.host as string;
  const outgoing = route(router, name, readHeaders(request));
  if (outgoing.kind === 'refused') {
    // The way in which Node's own agents report that they could not get a socket.
    (request as unknown as { onSocket(socket: null, error: Error): void }).onSocket(null, outgoing.error);
    return false;
  }
  if (outgoing.kind === 'instance') follow(request, outgoing.call);
  writeHeaders(request, outgoing.headers);
  if (outgoing.kind === 'instance') {
    const { host, port } = outgoing.call.served.instance;
    // Node takes the TLS server name from `Host`, and from where the socket goes when it cannot see that header.
    if (request.getHeader('host') === undefined) options.servername ??= name;
    options.host = options.hostname = host;
    options.port = port;
  }
  return true;
}

/** Counts a call out when its request closes. The listeners are of kinds that change nothing for the user's own. */
export function follow(request: ClientRequest, call: Call): void {
  request.once(errorMonitor, (error) => call.end(outcomeOf(error)));
  request.once('close', () => {
    const answered = (request as { res?: unknown }).res instanceof Object;
    call.end(answered ? 'ok' : undefined);
  });
}
