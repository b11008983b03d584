import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Instance, Lane } from '@graylane/core';
import { createRouter } from '@graylane/node';
import { memoryRegistry } from '@graylane/sources';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { propagation, SpanKind, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { answerError } from '../../src/answer.ts';
import { startSpans } from '../../src/operate/spans.ts';
import { createPicks } from '../../src/picks.ts';
import { proxy } from '../../src/proxy.ts';
import { startRecord } from '../../src/record.ts';
import { httpUpstream } from '../../src/upstream/http-upstream.ts';
import { atEnd, deadInstance, eventually, IN_TURN, startInstance } from '../stage.ts';
import { ask, valuesOf } from '../wire.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `traceparent: 00-${TRACE_ID}-b7ad6b7169203331-01`;

const exporter = new InMemorySpanExporter();

function register(): void {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

afterEach(() => {
  trace.disable();
  propagation.disable();
  exporter.reset();
});

/** What the gateway does with a request, as far as spans see it. Resolves with the port. */
async function startTraced(instances: readonly Instance[], believed: boolean): Promise<number> {
  const upstream = httpUpstream();
  const router = createRouter({ service: 'gateway', registry: memoryRegistry(instances), ...IN_TURN });
  await router.ready();
  const server = createServer((request, response) => {
    const record = startRecord(request);
    const spans = startSpans(request, response, record, () => believed);
    response.once('close', () => spans?.end(record.finish(response)));
    record.service = 'shop';
    record.decision = { by: 'rule', rule: 'testers', lane: 'stable' as Lane };
    const picks = createPicks(router, 'shop', 'stable' as Lane, (pick) => {
      record.pick = pick;
    });
    const next = spans ? spans.attempts(picks) : picks;
    const first = next();
    if (!first) throw new Error('no instance');
    const lines = spans ? spans.lines(request.rawHeaders) : request.rawHeaders;
    const refuse = (code: Parameters<typeof answerError>[1], message: string): void => {
      record.error = code;
      answerError(response, code, message);
    };
    proxy(upstream, { request, response, target: request.url ?? '/', lines, bodyLimit: 9, next, refuse }, first);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  atEnd(async () => {
    server.close();
    await upstream.close();
    await router.close();
  });
  return (server.address() as AddressInfo).port;
}

async function spansOf(count: number): Promise<{ server: ReadableSpan; clients: ReadableSpan[] }> {
  await eventually(() => exporter.getFinishedSpans().length >= count, `${count} spans`);
  const spans = exporter.getFinishedSpans();
  const server = spans.find(({ kind }) => kind === SpanKind.SERVER);
  if (!server) throw new Error('there is no span of the request');
  return { server, clients: spans.filter(({ kind }) => kind === SpanKind.CLIENT) };
}

describe('a request that is traced', () => {
  beforeEach(register);

  it('has a span, and below it one for the call to an instance, which gets that as its parent', async () => {
    const { instance, received } = await startInstance();
    const port = await startTraced([instance], true);
    await ask(port, { target: '/cart?secret=1', headers: [TRACEPARENT, 'user-agent: test'] });
    const { server, clients } = await spansOf(2);
    expect(server).toMatchObject({ name: 'GET', parentSpanContext: { traceId: TRACE_ID, spanId: 'b7ad6b7169203331' } });
    expect(server.attributes).toMatchObject({
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/cart',
      'server.address': 'shop',
      'network.peer.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original': 'test',
      'http.response.status_code': 200,
      'graylane.lane': 'stable',
      'graylane.rule': 'testers',
      'graylane.pick': 'hit',
    });
    const [client] = clients;
    expect(client?.parentSpanContext?.spanId).toBe(server.spanContext().spanId);
    expect(client?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': instance.port,
      'graylane.instance': instance.id,
      'http.response.status_code': 200,
    });
    expect(valuesOf(received[0]?.lines ?? [], 'traceparent')).toEqual([
      `00-${TRACE_ID}-${client?.spanContext().spanId}-01`,
    ]);
  });

  it('has a trace of its own, with a link, when its sender is nobody we trust', async () => {
    const { instance, received } = await startInstance();
    const port = await startTraced([instance], false);
    await ask(port, { headers: [TRACEPARENT, 'tracestate: forged=1'] });
    const { server } = await spansOf(2);
    const { traceId } = server.spanContext();
    expect(traceId).not.toBe(TRACE_ID);
    expect(server.parentSpanContext).toBeUndefined();
    expect(server.links).toMatchObject([{ context: { traceId: TRACE_ID } }]);
    const lines = received[0]?.lines ?? [];
    expect(valuesOf(lines, 'traceparent')).toEqual([expect.stringContaining(traceId)]);
    expect(valuesOf(lines, 'tracestate')).toEqual([]);
  });

  it('has a span for each attempt, and the instance that answered is below its own', async () => {
    const { instance, received } = await startInstance();
    const port = await startTraced([await deadInstance(), instance], true);
    for (let index = 0; index < 2; index++) await ask(port, {});
    await eventually(() => exporter.getFinishedSpans().length >= 5, 'five spans');
    const { clients } = await spansOf(5);
    const [failed] = clients.filter(({ attributes }) => attributes['error.type'] === 'connect-failed');
    const again = clients.find(({ attributes }) => attributes['http.request.resend_count'] === 1);
    expect(failed?.status.code).toBe(2);
    expect(again?.parentSpanContext?.spanId).toBe(failed?.parentSpanContext?.spanId);
    const told = received.flatMap(({ lines }) => valuesOf(lines, 'traceparent').map((value) => value.split('-')[2]));
    expect(told).toContain(again?.spanContext().spanId);
    expect(told).not.toContain(failed?.spanContext().spanId);
  });

  it('that failed says how, and has no name that a client made up', async () => {
    const port = await startTraced([await deadInstance()], true);
    await ask(port, { method: 'PROPFIND' });
    const { server } = await spansOf(2);
    expect(server).toMatchObject({ name: 'HTTP', status: { code: 2 } });
    expect(server.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
      'http.response.status_code': 502,
      'error.type': 'GL_UPSTREAM_CONNECT',
    });
  });
});

it('without a tracer provider trace headers pass through as they came', async () => {
  const { instance, received } = await startInstance();
  const port = await startTraced([instance], true);
  await ask(port, { headers: [TRACEPARENT, 'tracestate: a=1'] });
  const lines = received[0]?.lines ?? [];
  expect(valuesOf(lines, 'traceparent')).toEqual([TRACEPARENT.slice('traceparent: '.length)]);
  expect(valuesOf(lines, 'tracestate')).toEqual(['a=1']);
  expect(exporter.getFinishedSpans()).toEqual([]);
});
