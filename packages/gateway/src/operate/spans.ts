import type { IncomingMessage, ServerResponse } from 'node:http';
import { LANE_HEADER, type Outcome } from '@graylane/core';
import {
  type Attributes,
  type Context,
  defaultTextMapSetter,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Attempt } from '../proxy-job.ts';
import type { ExchangeRecord, OpenRecord } from '../record.ts';

/**
 * The spans of one request: a SERVER span for the whole of it, and a CLIENT span for each attempt to have it answered by an
 * instance. Names and attributes are those of the semantic conventions for HTTP
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), and `graylane.*` for what those have no name for.
 */
export interface RequestSpans {
  /** Traces attempts: each one that `next` gives has a span until it ends. */
  attempts(next: () => Attempt | undefined): () => Attempt | undefined;
  /** Header lines for an instance, which say that the span of the present attempt is the parent of what it does. */
  lines(lines: readonly string[]): readonly string[];
  /** Ends the span of the request. */
  end(exchange: ExchangeRecord): void;
}

/** What the API gives as long as nobody has registered anything. */
const NOBODY = new ProxyTracerProvider().getDelegate();

/** What the conventions know; other methods are `_OTHER`, for names must be few. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY']);

/**
 * Begins the spans of a request. Undefined when the program has registered no tracer provider: then nothing is traced, and
 * trace headers pass through as they came.
 *
 * @param isBelieved whether the sender is one of our proxies: then its span is the parent, else ours is a root with a link
 */
export function startSpans(
  request: IncomingMessage,
  response: ServerResponse,
  record: OpenRecord,
  isBelieved: () => boolean,
): RequestSpans | undefined {
  const tracer = presentTracer();
  if (!tracer) return undefined;
  const believed = isBelieved();
  const incoming = propagation.extract(ROOT_CONTEXT, request.headers);
  const remote = trace.getSpanContext(incoming);
  const parent = believed && remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
  const links = remote && !believed ? [{ context: remote }] : [];
  const attributes = requestAttributes(request);
  const kind = SpanKind.SERVER;
  const span = tracer.startSpan(spanName(attributes), { kind, links, attributes, startTime: record.at }, parent);
  return new Spans(tracer, span, trace.setSpan(parent, span), request, response, record);
}

function presentTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  const present = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  return present === NOBODY ? undefined : present.getTracer('@graylane/gateway');
}

class Spans implements RequestSpans {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #record: OpenRecord;
  /** The present attempt's. */
  #attempt: Context;
  #attempts = 0;
  #lines: string[] | undefined;

  constructor(
    tracer: Tracer,
    span: Span,
    context: Context,
    request: IncomingMessage,
    response: ServerResponse,
    record: OpenRecord,
  ) {
    this.#tracer = tracer;
    this.#span = span;
    this.#context = context;
    this.#request = request;
    this.#response = response;
    this.#record = record;
    this.#attempt = context;
  }

  attempts(next: () => Attempt | undefined): () => Attempt | undefined {
    return () => {
      const attempt = next();
      return attempt && this.#begin(attempt);
    };
  }

  /** The list stays the same one, and changes with each attempt: the request is sent again with what it says then. */
  lines(lines: readonly string[]): readonly string[] {
    this.#lines = withoutTrace(lines);
    this.#inject();
    return this.#lines;
  }

  end(exchange: ExchangeRecord): void {
    const { decision, pick, service, status, error, ip } = exchange;
    this.#span.setAttributes({
      'client.address': ip,
      ...(service !== undefined && { 'graylane.service': service }),
      ...(decision && { 'graylane.lane': decision.lane }),
      ...(decision && 'rule' in decision && { 'graylane.rule': decision.rule }),
      ...(pick && { 'graylane.pick': pick.kind }),
    });
    if (this.#response.headersSent) this.#span.setAttribute('http.response.status_code', status);
    else this.#span.setAttribute('error.type', 'client_gone');
    if (error !== undefined || status >= 500) {
      this.#span.setAttribute('error.type', error ?? String(status));
      if (status >= 500) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }

  #begin({ instance, end }: Attempt): Attempt {
    const { pick } = this.#record;
    const resent = this.#attempts++;
    const method = requestMethod(this.#request);
    const attributes: Attributes = {
      ...method,
      'server.address': instance.host,
      'server.port': instance.port,
      'network.peer.address': instance.host,
      'network.peer.port': instance.port,
      'graylane.instance': instance.id,
      'graylane.lane': instance.lane,
      ...(pick && { 'graylane.pick': pick.kind }),
      ...(resent > 0 && { 'http.request.resend_count': resent }),
    };
    const span = this.#tracer.startSpan(spanName(method), { kind: SpanKind.CLIENT, attributes }, this.#context);
    this.#attempt = trace.setSpan(this.#context, span);
    this.#inject();
    let over = false;
    return {
      instance,
      end: (outcome) => {
        if (!over) this.#endAttempt(span, outcome);
        over = true;
        end(outcome);
      },
    };
  }

  #endAttempt(span: Span, outcome: Outcome | undefined): void {
    const { headersSent, statusCode } = this.#response;
    if (outcome === 'ok' && headersSent) {
      span.setAttribute('http.response.status_code', statusCode);
      if (statusCode >= 400) span.setAttribute('error.type', String(statusCode));
    } else span.setAttribute('error.type', outcome ?? 'broken');
    if (outcome !== 'ok' || statusCode >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** Writes the present attempt's trace at the end of the lines, in the place of the one before. */
  #inject(): void {
    if (!this.#lines) return;
    const carrier: Record<string, string> = {};
    propagation.inject(this.#attempt, carrier, defaultTextMapSetter);
    const kept = withoutTrace(this.#lines);
    this.#lines.splice(0, this.#lines.length, ...kept);
    for (const [name, value] of Object.entries(carrier)) if (isTrace(name)) this.#lines.push(name, value);
  }
}

/** Lane and baggage are the gateway's affair, with a provider as without. */
function isTrace(name: string): boolean {
  return name !== 'baggage' && name !== LANE_HEADER;
}

function withoutTrace(lines: readonly string[]): string[] {
  const fields = new Set(propagation.fields().filter(isTrace));
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    if (!fields.has(name.toLowerCase())) kept.push(name, lines[at + 1] as string);
  }
  return kept;
}

function requestMethod({ method = 'GET' }: IncomingMessage): Attributes {
  if (METHODS.has(method)) return { 'http.request.method': method };
  return { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

/** Without the query, which may hold secrets. */
function requestAttributes(request: IncomingMessage): Attributes {
  const { url = '/', headers, socket, httpVersion } = request;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(headers.host ?? '') ?? [];
  return {
    ...requestMethod(request),
    'url.scheme': 'encrypted' in socket ? 'https' : 'http',
    'url.path': url.split('?', 1)[0] as string,
    'network.protocol.version': httpVersion === '2.0' ? '2' : httpVersion,
    ...(host !== '' && { 'server.address': host }),
    ...(port !== undefined && { 'server.port': Number(port) }),
    ...(socket.remoteAddress !== undefined && { 'network.peer.address': socket.remoteAddress }),
    ...(socket.remotePort !== undefined && { 'network.peer.port': socket.remotePort }),
    ...(headers['user-agent'] !== undefined && { 'user_agent.original': headers['user-agent'] }),
  };
}

function spanName(attributes: Attributes): string {
  const method = attributes['http.request.method'];
  return method === '_OTHER' ? 'HTTP' : String(method);
}
