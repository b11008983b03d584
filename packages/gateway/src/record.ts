import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, ErrorCode, Pick, RequestFacts } from '@graylane/core';

/** What happened to one request: the content of an access log. */
export interface ExchangeRecord {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly host: string;
  /** Path and query, as they came. */
  readonly target: string;
  readonly ip: string;
  readonly requestID: string | undefined;
  /** Header lines, `[name, value, …]`, as the client sent them: with its secrets, and with a lane that it may have forged. */
  readonly lines: readonly string[];
  /** What the rules looked at; undefined when the request was refused before. */
  readonly facts: RequestFacts | undefined;
  readonly decision: Decision | undefined;
  readonly service: string | undefined;
  /** The pick that led to the answer. */
  readonly pick: Pick | undefined;
  /** The answer's; 499 when the client went away before there was one. */
  readonly status: number;
  /** Set when the gateway refused the request or had to break its answer off. */
  readonly error: ErrorCode | undefined;
  /** What went wrong with an instance, and with which: more than the client was told. */
  readonly detail: string | undefined;
  /** Milliseconds from the request's head to the answer's end. */
  readonly ms: number;
}

/** What access logs since nginx call a client that did not wait. */
const CLIENT_GONE = 499;

/** The record of a request while it is being made. */
export interface OpenRecord {
  readonly at: number;
  readonly requestID: string | undefined;
  /** As the client sent them, until what is secret was taken out. */
  target: string;
  lines: readonly string[];
  ip: string;
  facts: RequestFacts | undefined;
  decision: Decision | undefined;
  service: string | undefined;
  pick: Pick | undefined;
  error: ErrorCode | undefined;
  detail: string | undefined;
  finish(response: ServerResponse): ExchangeRecord;
}

/** Begins the record of a request. */
export function startRecord(request: IncomingMessage): OpenRecord {
  const started = performance.now();
  return {
    at: Date.now(),
    requestID: request.headers['x-request-id']?.toString(),
    target: request.url ?? '/',
    lines: request.rawHeaders,
    ip: '',
    facts: undefined,
    decision: undefined,
    service: undefined,
    pick: undefined,
    error: undefined,
    detail: undefined,
    finish(response) {
      const { at, requestID, target, lines, ip, facts, decision, service, pick, error, detail } = this;
      return {
        at,
        method: request.method ?? 'GET',
        host: request.headers.host ?? '',
        target,
        ip,
        requestID,
        lines,
        facts,
        decision,
        service,
        pick,
        status: response.headersSent ? response.statusCode : CLIENT_GONE,
        error,
        detail,
        ms: performance.now() - started,
      };
    },
  };
}
