/** Beside an SDK with instrumentations: what the spans say of calls that went to an instance. */
import http, { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRouter } from '@graylane/node';
import { laneListener } from '@graylane/node/http';
import { laneDispatcher } from '@graylane/node/undici';
import { memoryRegistry } from '@graylane/sources';
import { SpanKind } from '@opentelemetry/api';
import got from 'got';
import { request as undiciRequest } from 'undici';
import { arrivalOf, instanceAt, listen, report, send } from './stage.ts';

/** The parts of an ended span that both SDKs have. */
interface EndedSpan {
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

const spans = (globalThis as unknown as { endedSpans: EndedSpan[] }).endedSpans;

const port = await listen(
  createServer((request, response) => {
    const { traceparent } = request.headers;
    response.end(JSON.stringify({ ...arrivalOf('stock', 'gray', request), traceparent }));
  }),
);
const router = createRouter({ service: 'front', registry: memoryRegistry([instanceAt('stock', 'gray', port)]) });
await router.ready();
router.hookClients();
const dispatcher = laneDispatcher(router);
const viaNode = (): Promise<unknown> =>
  new Promise<IncomingMessage>((resolve) => http.get('http://stock/items', resolve)).then(json);
const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  'http.get': viaNode,
  got: () => got('http://stock/items').json(),
  fetch: async () => (await fetch('http://stock/items')).json(),
  'undici.request': async () => (await undiciRequest('http://stock/items')).body.json(),
  'undici with laneDispatcher': async () => (await undiciRequest('http://stock/items', { dispatcher })).body.json(),
};
const front = await listen(
  createServer(
    laneListener(async (request, response) => {
      const call = calls[decodeURIComponent(request.url?.slice(1) ?? '')] as () => Promise<unknown>;
      response.end(JSON.stringify(await call()));
    }),
  ),
);

const seen: Record<string, unknown> = {};
for (const name of Object.keys(calls)) {
  spans.length = 0;
  const { traceparent = '' } = JSON.parse(
    await send(front, `/${encodeURIComponent(name)}`, ['baggage: graylane=gray']),
  );
  const [, traceId, spanId] = traceparent.split('-');
  const ended = (kind: SpanKind): EndedSpan | undefined =>
    spans.find(
      (span) => span.kind === kind && (kind === SpanKind.SERVER ? span.attributes['url.path'] !== '/items' : true),
    );
  // A span ends a moment after the answer.
  for (let patience = 1_000; !(ended(SpanKind.CLIENT) && ended(SpanKind.SERVER)) && patience > 0; patience--)
    await sleep(2);
  const client = ended(SpanKind.CLIENT);
  const server = ended(SpanKind.SERVER);
  const { attributes = {} } = client ?? {};
  seen[name] = {
    url: attributes['url.full'],
    server: attributes['server.address'],
    peerIsInstance: attributes['network.peer.port'] === port,
    isWhatArrived: client?.spanContext().spanId === spanId && client?.spanContext().traceId === traceId,
    isChildOfTheRequest: client?.parentSpanContext?.spanId === server?.spanContext().spanId,
  };
}
report({ seen });
