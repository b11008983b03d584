import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CompiledPolicy,
  type Decision,
  decide,
  type ErrorCode,
  type Instance,
  type Pick,
  type RequestFacts,
  STABLE,
} from '@graylane/core';
import { answerError } from './answer.ts';
import { pinnedLane } from './edge/lane-pin.ts';
import { NOBODY, type Visitor } from './edge/visitor.ts';
import { environmentOf, theOnly } from './environment.ts';
import { isWithin } from './forwarded.ts';
import { type RequestHead, readHead } from './head.ts';
import { type RequestSpans, startSpans } from './operate/spans.ts';
import { hostLine, outgoingLines } from './outgoing-lines.ts';
import type { GatewayParts } from './parts.ts';
import { createPicks } from './picks.ts';
import { proxy } from './proxy.ts';
import { type OpenRecord, startRecord } from './record.ts';
import type { Route } from './routes.ts';
import { type Cleansed, cleanse } from './trust.ts';
import type { ClientUpgrade } from './upgrade.ts';

/**
 * Handles a request; an error of ours ends that request and nothing else.
 *
 * @param upgrade the client's connection, when the request asks for another protocol
 */
export function handleRequest(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade?: ClientUpgrade,
): void {
  const record = startRecord(request);
  const isBelieved = (): boolean => isWithin(request.socket.remoteAddress ?? '', parts.trust.proxies);
  const spans = startSpans(request, response, record, isBelieved);
  response.once('close', () => {
    const exchange = record.finish(response);
    spans?.end(exchange);
    parts.onExchange(exchange);
  });
  const refuse: Refuse = (code, message, detail) => {
    record.error = code;
    record.detail = detail;
    answerError(response, code, message);
  };
  try {
    enter({ parts, request, response, record, refuse, upgrade, spans });
  } catch (error) {
    refuse('GL_INTERNAL', 'the gateway failed', (error as Error).stack);
  }
}

type Refuse = (code: ErrorCode, message: string, detail?: string) => void;

/** A request on its way through the gateway. */
interface Walk {
  readonly parts: GatewayParts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
  readonly refuse: Refuse;
  readonly upgrade: ClientUpgrade | undefined;
  readonly spans: RequestSpans | undefined;
}

/** The gateway's whole work on a request, top to bottom: read, cleanse, route, meet, decide, tag, pick, proxy. */
function enter(walk: Walk): void {
  const { parts, request, record, refuse } = walk;
  const head = readHead(request);
  if (typeof head === 'string') return refuse('GL_REQUEST_INVALID', head);
  if (parts.via.isLoop(request.rawHeaders)) return refuse('GL_LOOP', 'the request was here before');
  const cleansed = cleanse(request, parts.trust);
  record.ip = cleansed.ip;
  const route = parts.routes(head.authority, head.path);
  if (route === undefined) return refuse('GL_ROUTE_NOT_FOUND', `no route for ${head.authority}${head.path}`);
  record.service = route.service;

  const policy = parts.policy();
  if (!parts.edge.isNeeded(policy))
    return serve(walk, route, policy, { ...NOBODY, head, cleansed, facts: factsOf(head, cleansed, record.at) });
  const goOn = (visitor: Visitor): void => serve(walk, route, policy, visitor);
  parts.edge.meet(walk, policy, head, cleansed, (...seen) => factsOf(...seen, record.at), goOn);
}

function serve(walk: Walk, route: Route, policy: CompiledPolicy | undefined, visitor: Visitor): void {
  const { parts, request, response, record, refuse, upgrade, spans } = walk;
  const { head, cleansed, facts } = visitor;
  const { service, answerMs, bodyBytes: bodyLimit = parts.bodyLimit } = route;
  record.facts = facts;
  const decision = decideOnce(visitor, policy);
  record.decision = decision;
  const environment = environmentOf(policy, decision.lane);
  const onPick = (pick: Pick): void => {
    record.pick = pick;
  };
  const picks = environment
    ? theOnly(environment, onPick)
    : createPicks(parts.router, service, decision.lane, onPick, policy?.routing);
  const next = spans ? spans.attempts(picks) : picks;
  const first = next();
  if (first) {
    const outgoing = outgoingLines(head, cleansed, environment ? STABLE : decision.lane, parts.via);
    const lines = spans ? spans.lines(outgoing) : outgoing;
    const { retries } = parts;
    const edge = parts.edge.isNeeded(policy) ? parts.edge : undefined;
    const extraLines = edge && ((instance: Instance) => edge.answerLines(visitor, decision, policy, instance));
    const { target } = head;
    proxy(
      parts.upstream,
      { request, response, target, lines, bodyLimit, answerMs, next, refuse, retries, upgrade, extraLines },
      first,
    );
    return edge?.copy(walk, visitor, service, decision.lane, (lane) => outgoingLines(head, cleansed, lane, parts.via));
  }
  if (record.pick?.kind === 'unknown')
    return refuse('GL_SERVICE_UNKNOWN', `the registry knows no service "${service}"`);
  refuse('GL_NO_INSTANCE', `${service} has no ready instance for the lane ${decision.lane}`);
}

/** A lane that a trusted client brought is followed; everybody else's request is decided here, and only here. */
function decideOnce({ cleansed, pass, pin, facts }: Visitor, policy: CompiledPolicy | undefined): Decision {
  if (cleansed.lane) return { by: 'carried', lane: cleansed.lane };
  if (!policy) return { by: 'default', lane: STABLE };
  if (pass && Object.hasOwn(policy.policy.lanes, pass.lane)) return { by: 'pass', lane: pass.lane };
  const decision = decide(policy, facts);
  const lane = pin && pinnedLane(pin, decision, policy.policy);
  return lane ? { by: 'pinned', lane, rule: pin.rule } : decision;
}

function factsOf({ method, authority, path, query }: RequestHead, cleansed: Cleansed, time: number): RequestFacts {
  const headers = [...hostLine(authority), ...cleansed.lines];
  if (cleansed.baggage !== undefined) headers.push('baggage', cleansed.baggage);
  return { method, host: authority, path, query, headers, ip: cleansed.ip, token: {}, geo: {}, time };
}
