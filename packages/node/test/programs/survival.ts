/** One process of the survival matrix: a front service with three kinds of server and all clients. Reports every call. */
import { subscribe } from 'node:diagnostics_channel';
import http, { type IncomingMessage, request as namedRequest, type ServerResponse } from 'node:http';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import { createRouter, currentLane, type ErrorMessage } from '@graylane/node';
import { expressMiddleware } from '@graylane/node/express';
import { laneRequest } from '@graylane/node/got';
import { laneListener } from '@graylane/node/http';
import { koaMiddleware } from '@graylane/node/koa';
import { laneDispatcher } from '@graylane/node/undici';
import { memoryRegistry } from '@graylane/sources';
import { propagation } from '@opentelemetry/api';
import axios from 'axios';
import express from 'express';
import got from 'got';
import Koa from 'koa';
import { request as undiciRequest } from 'undici';
import { type Arrival, CERTIFICATE, listen, readInput, report, send, startInstance } from './stage.ts';

export interface SurvivalInput {
  /** A module that starts an SDK, loaded after the router was created. */
  readonly startLater?: string;
}

/** What a handler saw, and where its calls went. */
export interface Seen {
  readonly lane: string;
  readonly active: string | undefined;
  readonly arrivals: readonly Arrival[];
}

/** By server, client or moment, and kind of request. */
export type Calls = Record<string, Seen>;

/** How a request comes in. */
export type Kind = 'gray' | 'gray by the copy' | 'gray, then no lane' | 'untagged';

export interface SurvivalReport extends Readonly<Record<string, unknown>> {
  readonly clients: Calls;
  readonly moments: Calls;
  readonly errors: readonly string[];
}

const { startLater } = readInput<SurvivalInput>();

const registry = memoryRegistry([
  await startInstance('stock', 'stable'),
  await startInstance('stock', 'gray'),
  await startInstance('vault', 'stable', { tls: true }),
  await startInstance('vault', 'gray', { tls: true }),
]);
const router = createRouter({ service: 'front', registry });
await router.ready();
const unhook = router.hookClients({ undici: { connect: { ca: CERTIFICATE } } });

type Call = () => Promise<Arrival>;

const answered = (start: (done: (response: IncomingMessage) => void) => http.ClientRequest): Promise<Arrival> =>
  new Promise<IncomingMessage>((resolve, reject) => start(resolve).on('error', reject).end()).then(
    json,
  ) as Promise<Arrival>;

const kept = new http.Agent({ keepAlive: true });
const explicitGot = got.extend({ request: laneRequest(router), https: { certificateAuthority: CERTIFICATE } });
const dispatcher = laneDispatcher(router, { connect: { ca: CERTIFICATE } });

/** These need no hook, and must be none the worse for one. */
const explicit: Readonly<Record<string, Call>> = {
  'got with laneRequest': () => explicitGot('http://stock/items').json<Arrival>(),
  'got with laneRequest, https': () => explicitGot('https://vault/items').json<Arrival>(),
  'undici with laneDispatcher': async () =>
    (await undiciRequest('http://stock/items', { dispatcher })).body.json() as Promise<Arrival>,
  'undici with laneDispatcher, https': async () =>
    (await undiciRequest('https://vault/items', { dispatcher })).body.json() as Promise<Arrival>,
};

const hooked: Readonly<Record<string, Call>> = {
  'http.get': () => answered((done) => http.get('http://stock/items', done)),
  'https.get': () => answered((done) => https.get('https://vault/items', { ca: CERTIFICATE }, done)),
  'request with an agent of its own': () =>
    answered((done) => namedRequest('http://stock/items', { agent: kept }, done)),
  'request with agent: false': () => answered((done) => namedRequest('http://stock/items', { agent: false }, done)),
  'request with a list of headers': () =>
    answered((done) => namedRequest('http://stock/items', { headers: ['host', 'stock', 'x-other', '1'] }, done)),
  'https.get with a list of headers': () =>
    answered((done) => https.get('https://vault/items', { ca: CERTIFICATE, headers: ['host', 'vault'] }, done)),
  got: () => got('http://stock/items').json<Arrival>(),
  'got, https': () => got('https://vault/items', { https: { certificateAuthority: CERTIFICATE } }).json<Arrival>(),
  axios: async () => (await axios.get<Arrival>('http://stock/items')).data,
  'axios with fetch': async () => (await axios.get<Arrival>('http://stock/items', { adapter: 'fetch' })).data,
  fetch: async () => (await fetch('http://stock/items')).json() as Promise<Arrival>,
  'fetch, https': async () => (await fetch('https://vault/items')).json() as Promise<Arrival>,
  'undici.request': async () => (await undiciRequest('http://stock/items')).body.json() as Promise<Arrival>,
};

/** A queue that runs one job at a time, whoever put it in. */
let last: Promise<unknown> = Promise.resolve();
const queued = <Result>(job: () => Promise<Result>): Promise<Result> => {
  const result = last.then(job);
  last = result;
  return result;
};

const viaHTTP = hooked['http.get'] as Call;
const viaFetch = hooked.fetch as Call;
const both = async (): Promise<Arrival[]> => [await viaHTTP(), await viaFetch()];
const after = (defer: (run: () => void) => unknown): Promise<Arrival[]> =>
  new Promise((resolve, reject) => {
    defer(() => void both().then(resolve, reject));
  });

/** The calls that were made when a response was finished, by the request's id. */
const finished = new Map<string, Promise<Arrival[]>>();

const queryOf = (req: IncomingMessage): URLSearchParams => new URL(req.url ?? '', 'http://front').searchParams;

/** When a handler calls others. The first one is also the first request that the process gets. */
const moments: Readonly<Record<string, (req: IncomingMessage, res: ServerResponse) => Promise<Arrival[]>>> = {
  "in the request's end": (req) => after((run) => req.once('end', run).resume()),
  'one after the other': async () => [...(await both()), ...(await both())],
  '20 at once': () => Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? viaHTTP() : viaFetch()))),
  'after setTimeout': () => after((run) => setTimeout(run, 1)),
  'after setImmediate': () => after((run) => setImmediate(run)),
  'after process.nextTick': () => after((run) => process.nextTick(run)),
  'in a shared queue': async () => (await Promise.all([queued(both), queued(both)])).flat(),
  "in the response's finish": async (_, res) => {
    finished.set(
      queryOf(res.req).get('id') as string,
      after((run) => res.once('finish', run)),
    );
    return [];
  },
  "in the request's data": (req) => after((run) => req.once('data', run).resume()),
  'after for await over the request': async (req) => {
    for await (const chunk of req) void chunk;
    return both();
  },
  "in an answer's data": () =>
    after((run) =>
      http.get('http://stock/items', (response) => {
        response.once('data', run);
      }),
    ),
  "in the data of undici's answer": async () => {
    const { body } = await undiciRequest('http://stock/items');
    return after((run) => body.once('data', run));
  },
};

const seenBy = async (arrivals: () => Promise<readonly Arrival[]>): Promise<Seen> => ({
  lane: currentLane(),
  active: propagation.getActiveBaggage()?.getEntry('graylane')?.value,
  arrivals: await arrivals(),
});

async function handle(req: IncomingMessage, res: ServerResponse): Promise<Seen> {
  const query = queryOf(req);
  const call = { ...explicit, ...hooked }[query.get('client') ?? ''];
  if (call) return seenBy(async () => [await call()]);
  const moment = moments[query.get('moment') ?? ''] as (typeof moments)[string];
  return seenBy(() => moment(req, res));
}

const koa = new Koa().use(koaMiddleware()).use(async (ctx) => {
  ctx.body = await handle(ctx.req, ctx.res);
});
const app = express();
app.use(expressMiddleware());
app.use(async (req, res) => {
  const seen = await handle(req, res);
  res.json(seen);
});
const plain = laneListener(async (req, res) => res.end(JSON.stringify(await handle(req, res))));

// The middlewares and the hooks were made before it: the unluckiest order.
if (startLater) await import(startLater);

const servers = {
  Express: await listen(http.createServer(app)),
  Koa: await listen(http.createServer(koa.callback())),
  'node:http': await listen(http.createServer(plain)),
};

const OTHERS = 'user=alice%20b,tenant=t1;ttl=3';
const REQUESTS: Readonly<Record<Kind, readonly string[]>> = {
  gray: ['baggage: user=alice%20b,graylane=gray', 'baggage: tenant=t1;ttl=3'],
  'gray by the copy': [`baggage: ${OTHERS}`, 'x-graylane: gray'],
  'gray, then no lane': [`baggage: graylane=gray,${OTHERS},graylane=No`],
  untagged: [`baggage: ${OTHERS}`],
};

async function ask(
  what: 'client' | 'moment',
  names: readonly string[],
  kinds: readonly Kind[],
  said = '',
): Promise<Calls> {
  const calls: [string, Seen][] = [];
  for (const [server, port] of Object.entries(servers)) {
    for (const name of names) {
      for (const kind of kinds) {
        const id = `${server}, ${name}${said}, ${kind}`;
        const answer = await send(
          port,
          `/?${what}=${encodeURIComponent(name)}&id=${encodeURIComponent(id)}`,
          REQUESTS[kind],
          'body',
        );
        calls.push([id, parse(answer)]);
      }
    }
  }
  return Object.fromEntries(calls);
}

function parse(answer: string): Seen {
  try {
    return JSON.parse(answer);
  } catch {
    return { lane: answer, active: undefined, arrivals: [] };
  }
}

const errors: string[] = [];
subscribe('graylane:error', (message) => errors.push(String((message as ErrorMessage).error)));

const inMoments = await ask('moment', Object.keys(moments), [
  'gray',
  'gray by the copy',
  'gray, then no lane',
  'untagged',
]);
for (const [id, arrivals] of finished) {
  inMoments[id] = { ...(inMoments[id] as Seen), arrivals: await arrivals };
}
const withHooks = await ask('client', Object.keys({ ...hooked, ...explicit }), ['gray', 'untagged']);
unhook();
const withoutHooks = await ask('client', Object.keys(explicit), ['gray', 'untagged'], ' without hooks');
report({ clients: { ...withHooks, ...withoutHooks }, moments: inMoments, errors } satisfies SurvivalReport);
