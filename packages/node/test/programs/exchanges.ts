/** Bodies, aborts, timeouts and upgrades through the lane dispatcher. Reports one fact after the other. */
import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline as pipe } from 'node:stream/promises';
import type { Lane } from '@graylane/core';
import { createRouter, currentLane, type ErrorMessage, runInLane } from '@graylane/node';
import { laneDispatcher } from '@graylane/node/undici';
import { memoryRegistry } from '@graylane/sources';
import * as undici from 'undici';
import { arrivalOf, instanceAt, listen, report } from './stage.ts';

const GRAY = 'gray' as Lane;
const facts: Record<string, unknown> = {};
const errors: string[] = [];
subscribe('graylane:error', (message) => errors.push(String((message as ErrorMessage).error)));

/** An instance that echoes, stalls, or upgrades, as the path says. */
const server = createServer(async (request, response) => {
  const { url = '' } = request;
  if (url === '/never') return;
  if (url === '/half') {
    response.write('half');
    return;
  }
  if (url === '/hints') response.writeEarlyHints({ link: '</style.css>; rel=preload' });
  const body = await text(request);
  response.setHeader('set-cookie', ['a=1', 'b=2']).end(
    JSON.stringify({
      ...arrivalOf('stock', 'gray', request),
      body,
      headers: request.headers,
      raw: request.rawHeaders,
    }),
  );
});
const sockets = new Set<Duplex>();
server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
  sockets.add(socket);
  socket.on('error', () => {});
  const lane = request.headers['x-graylane'];
  const key = request.headers['sec-websocket-key'];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = key
    ? [
        'HTTP/1.1 101 Switching Protocols',
        'upgrade: websocket',
        'connection: upgrade',
        `sec-websocket-accept: ${accept}`,
      ]
    : ['HTTP/1.1 101 Switching Protocols', 'upgrade: plain', 'connection: upgrade'];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  // One text frame of a web socket, or just the lane.
  const word = Buffer.from(String(lane));
  socket.write(key ? Buffer.concat([Buffer.from([0x81, word.length]), word]) : word);
});
const port = await listen(server);
const instance = instanceAt('stock', 'gray', port);
const registry = memoryRegistry([instance]);
const router = createRouter({ service: 'front', registry, ejection: { timeouts: 2 } });
await router.ready();
const settings = { maxPayloadSize: 1_234 };
undici.setGlobalDispatcher(new undici.Agent({ webSocket: settings }));
router.hookClients();
facts.limits = (undici.getGlobalDispatcher() as unknown as { webSocketOptions: object }).webSocketOptions;

const inFlight = (): number => (router.pick('stock', GRAY) as { load: { inFlight: number } }).load.inFlight;
const inGray = <Result>(fn: () => Promise<Result>): Promise<Result> => runInLane(GRAY, fn);
const nameOf = (error: unknown): string => {
  const { name, code, cause } = error as { name: string; code?: unknown; cause?: { code?: string } };
  return cause?.code ?? (typeof code === 'string' ? code : name);
};
const failing = (call: Promise<unknown>): Promise<string> => call.then(() => 'nothing', nameOf);
interface Echo {
  readonly body: string;
  readonly lane: string;
  readonly copy: string[];
  readonly headers: Record<string, string>;
}

// --- Bodies, with the global fetch, whose undici is not ours, and with ours.
const form = new FormData();
form.set('field', 'value');
form.set('file', new Blob(['content']), 'name.txt');
const bodies: Readonly<Record<string, () => RequestInit>> = {
  text: () => ({ body: 'some text' }),
  bytes: () => ({ body: new Uint8Array([104, 105]) }),
  'URL parameters': () => ({ body: new URLSearchParams({ a: '1' }) }),
  blob: () => ({ body: new Blob(['a blob']) }),
  form: () => ({ body: form }),
  stream: () => ({ body: ReadableStream.from(['in ', 'parts']).pipeThrough(new TextEncoderStream()), duplex: 'half' }),
};
facts.bodies = {};
for (const [name, init] of Object.entries(bodies)) {
  const { body, copy, headers } = (await inGray(async () =>
    (await fetch('http://stock/', { method: 'POST', ...init() } as RequestInit)).json(),
  )) as Echo;
  const type = headers['content-type']?.split(';')[0] ?? '';
  (facts.bodies as Record<string, unknown>)[name] = [
    body.replaceAll(/-{4,}\S*/g, '--').replaceAll('\r\n', '|'),
    type,
    copy,
  ];
}
const posted = async (body: unknown): Promise<string> => {
  const answer = await inGray(() => undici.request('http://stock/', { method: 'POST', body: body as string }));
  return ((await answer.body.json()) as Echo).body;
};
facts.undiciBodies = [
  await posted('text'),
  await posted(Readable.from(['a ', 'stream'])),
  await posted(
    (async function* () {
      yield 'generated';
    })(),
  ),
];
const parts: Buffer[] = [];
await inGray(() =>
  undici.stream(
    'http://stock/',
    { method: 'POST', body: 'streamed' },
    () =>
      new Writable({
        write: (part, _, done) => {
          parts.push(part);
          done();
        },
      }),
  ),
);
facts.stream = (JSON.parse(Buffer.concat(parts).toString()) as Echo).body;
const piped = await inGray(async () => {
  const duplex = undici.pipeline('http://stock/', { method: 'POST' }, ({ body }) => body);
  const read = text(duplex);
  await pipe(Readable.from(['piped']), duplex, { end: true }).catch(() => {});
  return read;
}).catch(String);
facts.pipeline = piped.includes('"body":"piped"');

// --- Headers in every form that undici takes.
const forms: readonly (readonly [string, unknown])[] = [
  ['object', { 'x-one': '1', 'x-two': ['a', 'b'], 'x-none': undefined, 'x-null': null }],
  ['list', ['x-one', '1', 'x-two', 'a', 'x-two', 'b']],
  [
    'Headers',
    new Headers([
      ['x-one', '1'],
      ['x-two', 'a'],
      ['x-two', 'b'],
    ]),
  ],
  [
    'Map',
    new Map<string, string | string[]>([
      ['x-one', '1'],
      ['x-two', ['a', 'b']],
    ]),
  ],
  ['null', null],
];
facts.headers = {};
for (const [name, headers] of forms) {
  const answer = await inGray(() => undici.request('http://stock/', { headers: headers as string[] }));
  const echo = (await answer.body.json()) as Echo;
  const { 'x-one': one, 'x-two': two, 'x-none': none, 'x-null': empty } = echo.headers;
  (facts.headers as Record<string, unknown>)[name] = [one, two, none, empty, echo.copy];
}
const hints: unknown[] = [];
const hinted = await inGray(() =>
  undici.request('http://stock/hints', { onInfo: ({ statusCode }: { statusCode: number }) => hints.push(statusCode) }),
);
await hinted.body.dump();
facts.hints = [hints, hinted.headers['set-cookie']];
facts.countedOut = inFlight();

// --- Aborts: before, during, after the headers.
facts.abortedBefore = await failing(inGray(() => fetch('http://stock/', { signal: AbortSignal.abort() })));
const during = new AbortController();
const stalled = inGray(() => fetch('http://stock/never', { signal: during.signal }));
await once(server, 'request');
facts.underWay = inFlight();
during.abort();
facts.abortedDuring = await failing(stalled);
const after = new AbortController();
const half = await inGray(() => fetch('http://stock/half', { signal: after.signal }));
after.abort();
facts.abortedAfter = await failing(half.text());
facts.timedOut = await failing(inGray(() => fetch('http://stock/never', { signal: AbortSignal.timeout(20) })));
facts.undiciAborted = await failing(
  inGray(() => undici.request('http://stock/never', { signal: AbortSignal.timeout(20) })),
);
facts.abortsCountedOut = inFlight();
facts.abortsEjectNobody = router.pick('stock', GRAY).kind;

// --- Upgrades.
const socket = await inGray(async () => new WebSocket('ws://stock/'));
const [message] = (await once(socket, 'message')) as [MessageEvent];
facts.webSocket = message.data;
socket.close();
const upgraded = await inGray(() => undici.upgrade('http://stock/', { protocol: 'plain' }));
facts.upgrade = String((await once(upgraded.socket, 'data'))[0]);
upgraded.socket.destroy();
for (const each of sockets) each.destroy();
facts.upgradesCountedOut = inFlight();

// --- A dispatcher of the explicit form: events, and answers that come too late.
const dispatcher = laneDispatcher(router, { connections: 1, headersTimeout: 100 });
const drained = once(dispatcher, 'drain');
const called: string[] = [];
const free = await inGray(async () =>
  dispatcher.dispatch(
    { origin: 'http://stock', path: '/', method: 'GET', body: 'x' },
    {
      onRequestStart: () => called.push(`start in ${currentLane()}`),
      onResponseStart: (_, status) => called.push(`${status} in ${currentLane()}`),
      onResponseData: () => {},
      onResponseEnd: () => called.push(`end in ${currentLane()}`),
      onResponseError: (_, error) => called.push(error.message),
    },
  ),
);
if (!free) await drained;
facts.dispatched = [free, called];
facts.tooLate = await Promise.all(
  Array.from({ length: 2 }, () =>
    failing(
      inGray(() =>
        undici.request('http://stock/never', { dispatcher: laneDispatcher(router, { headersTimeout: 100 }) }),
      ),
    ),
  ),
);
// The lane falls back to stable, which has no instance.
facts.tooLateEjects = router.pick('stock', GRAY);
await dispatcher.close();
facts.closed = await failing(inGray(() => undici.request('http://stock/', { dispatcher })));
facts.errors = errors;
report(facts);
