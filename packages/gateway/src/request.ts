import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CompiledPolicy,
  type Decision,
  decide,
  type ErrorCode,
  type Pick,
  type RequestFacts,
  STABLE,
} from '@graylane/core';
import type { Router } from '@graylane/node';
import { answerError } from './answer.ts';
import { environmentOf, theOnly } from './environment.ts';
import { type RequestHead, readHead } from './head.ts';
import { hostLine, outgoingLines } from './outgoing-lines.ts';
import { createPicks } from './picks.ts';
import { proxy } from './proxy.ts';
import { type ExchangeRecord, type OpenRecord, startRecord } from './record.ts';
import type { RouteTable } from './routes.ts';
import { type Cleansed, cleanse, type Trust } from './trust.ts';
import type { Upstream } from './upstream.ts';
import type { Via } from './via.ts';

/** All that handling a request needs. */
export interface GatewayParts {
  readonly routes: RouteTable;
  readonly router: Router;
  /** The policy in force; undefined before one is known: then everything is stable. */
  readonly policy: () => CompiledPolicy | undefined;
  readonly trust: Trust;
  readonly via: Via;
  readonly upstream: Upstream;
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  readonly onExchange: (exchange: ExchangeRecord) => void;
}

/** Handles a request; an error of ours ends that request and nothing else. */
export function handleRequest(parts: GatewayParts, request: IncomingMessage, response: ServerResponse): void {
  const record = startRecord(request);
  response.once('close', () => parts.onExchange(record.finish(response)));
  const refuse: Refuse = (code, message, detail) => {
    record.error = code;
    record.detail = detail;
    answerError(response, code, message);
  };
  try {
    walk(parts, request, response, record, refuse);
  } catch (error) {
    refuse('GL_INTERNAL', 'the gateway failed', (error as Error).stack);
  }
}

type Refuse = (code: ErrorCode, message: string, detail?: string) => void;

/** The gateway's whole work on a request, top to bottom: read, cleanse, route, decide, tag, pick, proxy. */
function walk(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  record: OpenRecord,
  refuse: Refuse,
): void {
  const head = readHead(request);
  if (typeof head === 'string') return refuse('GL_REQUEST_INVALID', head);
  if (parts.via.isLoop(request.rawHeaders)) return refuse('GL_LOOP', 'the request was here before');
  const cleansed = cleanse(request, parts.trust);
  record.ip = cleansed.ip;
  const route = parts.routes(head.authority, head.path);
  if (route === undefined) return refuse('GL_ROUTE_NOT_FOUND', `no route for ${head.authority}${head.path}`);
  const { service, bodyBytes: bodyLimit = parts.bodyLimit } = route;
  record.service = service;

  const policy = parts.policy();
  const decision = decideOnce(cleansed, policy, factsOf(head, cleansed, record.at));
  record.decision = decision;
  const environment = environmentOf(policy, decision.lane);
  const onPick = (pick: Pick): void => {
    record.pick = pick;
  };
  const next = environment ? theOnly(environment, onPick) : createPicks(parts.router, service, decision.lane, onPick);
  const first = next();
  if (first) {
    const { target } = head;
    const lines = outgoingLines(head, cleansed, environment ? STABLE : decision.lane, parts.via);
    return proxy(parts.upstream, { request, response, target, lines, bodyLimit, next, refuse }, first);
  }
  if (record.pick?.kind === 'unknown')
    return refuse('GL_SERVICE_UNKNOWN', `the registry knows no service "${service}"`);
  refuse('GL_NO_INSTANCE', `${service} has no ready instance for the lane ${decision.lane}`);
}

/** A lane that a trusted client brought is followed; everybody else's request is decided here, and only here. */
function decideOnce(cleansed: Cleansed, policy: CompiledPolicy | undefined, facts: RequestFacts): Decision {
  if (cleansed.lane) return { by: 'carried', lane: cleansed.lane };
  return policy ? decide(policy, facts) : { by: 'default', lane: STABLE };
}

function factsOf({ method, authority, path, query }: RequestHead, cleansed: Cleansed, time: number): RequestFacts {
  const headers = [...hostLine(authority), ...cleansed.lines];
  if (cleansed.baggage !== undefined) headers.push('baggage', cleansed.baggage);
  return { method, host: authority, path, query, headers, ip: cleansed.ip, token: {}, geo: {}, time };
}
