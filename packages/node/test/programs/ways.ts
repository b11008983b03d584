/** Retries, redirects, and calls that are not for an instance. Reports what each client got and what arrived where. */
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync } from 'node:fs';
import http, { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { type Lane, STABLE } from '@graylane/core';
import { createRouter, type ErrorMessage, type PickMessage, runInLane } from '@graylane/node';
import { laneRequest } from '@graylane/node/got';
import { laneDispatcher } from '@graylane/node/undici';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { context, propagation } from '@opentelemetry/api';
import axios from 'axios';
import got from 'got';
import { request as undiciRequest } from 'undici';
import { type Arrival, arrivalOf, instanceAt, listen, report, startInstance } from './stage.ts';

/** What a client got: an arrival, or the code of its error. */
export type Got = Partial<Arrival> & { readonly error?: string };

export interface WaysReport extends Readonly<Record<string, unknown>> {
  /** By client. */
  readonly elsewhere: Readonly<Record<string, Got>>;
  readonly elsewhereTold: Readonly<Record<string, Got>>;
  readonly empty: Readonly<Record<string, Got>>;
  readonly dead: Readonly<Record<string, Got>>;
  readonly named: Readonly<Record<string, Got>>;
  readonly namedByCopy: Readonly<Record<string, Got>>;
  readonly retried: { readonly answer: Got; readonly tried: readonly number[]; readonly later: readonly number[] };
  /** By client and redirect: what arrived last, and which services and lanes were picked. */
  readonly redirects: Readonly<Record<string, { readonly answer: Got; readonly picks: readonly string[] }>>;
  readonly unix: Readonly<Record<string, Got>>;
  readonly namedInContext: Readonly<Record<string, Got>>;
  readonly ports: { readonly dead: number; readonly alive: number };
  readonly errors: readonly string[];
}

const errors: string[] = [];
subscribe('graylane:error', (message) => errors.push(String((message as ErrorMessage).error)));
const picked: PickMessage[] = [];
subscribe('graylane:pick', (message) => picked.push(message as PickMessage));

/** A host that no registry knows. */
const stranger = await startInstance('stranger', 'none');

/** A port that refuses connections: one that was just free. */
async function refusingPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const redirecting: RequestListener = (request, response) => {
  const target = new Map([
    ['/relative', '/items'],
    ['/absolute', 'http://cart/items'],
    ['/away', `http://127.0.0.1:${stranger.port}/items`],
  ]).get(request.url ?? '');
  if (target) response.writeHead(302, { location: target }).end();
  else
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ ...arrivalOf('stock', 'gray', request) }));
};

const dead = instanceAt('dead', 'stable', await refusingPort());
const flaky = [
  { ...instanceAt('flaky', 'gray', dead.port), id: 'a-dead' },
  { ...(await startInstance('flaky', 'gray')), id: 'b-alive' },
];
const router = createRouter({
  service: 'front',
  balance: 'round-robin',
  registry: memoryRegistry([
    instanceAt('stock', 'gray', await listen(createServer(redirecting))),
    await startInstance('stock', 'stable'),
    await startInstance('cart', 'gray'),
    await startInstance('cart', 'stable'),
    dead,
    ...flaky,
  ]),
  policy: memoryPolicy({ version: 1, lanes: { gray: {}, alone: { strict: true } } }),
});
await router.ready();
const unhook = router.hookClients();

type Headers = Readonly<Record<string, string>>;
type Call = (url: string, headers?: Headers) => Promise<unknown>;

const fetched = async (url: string, init: RequestInit): Promise<unknown> => (await fetch(url, init)).json();
const viaNode = (url: string, options: http.RequestOptions): Promise<unknown> =>
  new Promise<IncomingMessage>((resolve, reject) => {
    http.get(url, options, resolve).on('error', reject);
  }).then(json);
const explicitGot = got.extend({ request: laneRequest(router) });
const dispatcher = laneDispatcher(router);

const hooked: Readonly<Record<string, Call>> = {
  'http.get': (url, headers = {}) => viaNode(url, { headers }),
  'http.get with a list of headers': (url, headers = {}) =>
    viaNode(url, { headers: ['host', new URL(url).host, ...Object.entries(headers).flat()] }),
  'http.get that expects 100-continue': (url, headers = {}) =>
    viaNode(url, { headers: { ...headers, expect: '100-continue' } }),
  got: (url, headers = {}) => got(url, { headers, retry: { limit: 0 } }).json(),
  axios: async (url, headers = {}) => (await axios.get(url, { headers })).data,
  fetch: (url, headers = {}) => fetched(url, { headers }),
  'undici.request': async (url, headers = {}) => (await undiciRequest(url, { headers })).body.json(),
  'undici.request with a list of headers': async (url, headers = {}) =>
    (await undiciRequest(url, { headers: Object.entries(headers).flat() })).body.json(),
};
const explicit: Readonly<Record<string, Call>> = {
  'got with laneRequest': (url, headers = {}) => explicitGot(url, { headers, retry: { limit: 0 } }).json(),
  'undici with laneDispatcher': async (url, headers = {}) =>
    (await undiciRequest(url, { headers, dispatcher })).body.json(),
};

/** What a call led to. */
async function outcome(call: () => Promise<unknown>): Promise<Got> {
  try {
    return (await call()) as Got;
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    return { error: code ?? cause?.code ?? String(error) };
  }
}

/** Makes a call with every client: with hooks, and with the explicit forms when the hooks are gone. */
async function byAll(calls: Readonly<Record<string, Call>>, how: (call: Call) => Promise<unknown>) {
  const all: Record<string, Got> = {};
  for (const [client, call] of Object.entries(calls)) all[client] = await outcome(() => how(call));
  return all;
}

const GRAY = 'gray' as Lane;
const inBaggage = <Result>(members: Readonly<Record<string, string>>, fn: () => Result): Result => {
  const entries = Object.entries(members).map(([key, value]) => [key, { value }] as const);
  return context.with(
    propagation.setBaggage(context.active(), propagation.createBaggage(Object.fromEntries(entries))),
    fn,
  );
};
const inGray = <Result>(fn: () => Result): Result => inBaggage({ user: 'u1' }, () => runInLane(GRAY, fn));
runInLane(STABLE, () => {}); // the first job: from here on a context is held

const away = `http://127.0.0.1:${stranger.port}/items`;
const OTHERS = 'a=1,b=2;p=q';

async function scenarios(calls: Readonly<Record<string, Call>>) {
  return {
    elsewhere: await byAll(calls, (call) => inGray(() => call(away))),
    elsewhereTold: await byAll(calls, (call) =>
      call(away, { baggage: `a=1,graylane=gray,b=2;p=q`, 'x-graylane': 'gray' }),
    ),
    empty: await byAll(calls, (call) => runInLane('alone' as Lane, () => call('http://stock/items'))),
    dead: await byAll(calls, (call) => call('http://dead/items')),
    named: await byAll(calls, (call) => call('http://stock/items', { baggage: `a=1,graylane=gray,b=2;p=q` })),
    namedByCopy: await byAll(calls, (call) => call('http://stock/items', { 'x-graylane': 'gray', baggage: OTHERS })),
  };
}

/** Calls until the instance that is gone comes first; the picks go round. */
async function retry() {
  const retrying = {
    limit: 2,
    calculateDelay: ({ computedValue }: { computedValue: number }) => Math.min(1, computedValue),
  };
  let answer: Got = {};
  for (let call = 0; call < flaky.length; call++) {
    picked.length = 0;
    answer = await outcome(() => runInLane(GRAY, () => got('http://flaky/items', { retry: retrying }).json()));
    if (picked.length > 1) break;
  }
  const tried = picked.map(portOf);
  const later = Array.from({ length: 6 }, () => portOf({ pick: router.pick('flaky', GRAY) }));
  return { answer, tried, later };
}

function portOf({ pick }: Pick<PickMessage, 'pick'>): number {
  return 'instance' in pick ? pick.instance.port : 0;
}

async function redirect() {
  const all: Record<string, { answer: Got; picks: string[] }> = {};
  // Undici's own request follows no redirect.
  const following = ['got', 'axios', 'fetch', 'got with laneRequest'];
  for (const client of following) {
    const call = { ...hooked, ...explicit }[client] as Call;
    for (const way of ['relative', 'absolute', 'away']) {
      picked.length = 0;
      const answer = await outcome(() => inGray(() => call(`http://stock/${way}`)));
      const picks = picked.map(({ service, pick }) => `${service} ${'lane' in pick ? pick.lane : pick.kind}`);
      all[`${client}, ${way}`] = { answer, picks };
    }
  }
  return all;
}

/** A server on a socket file, of which the registry's names mean nothing. */
async function unix() {
  const path = join(mkdtempSync(join(tmpdir(), 'graylane-')), 'socket');
  const server = createServer(async (request, response) => {
    response.end(JSON.stringify({ ...arrivalOf('unix', 'none', request), body: await text(request) }));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const headers = { baggage: 'a=1,graylane=gray', 'x-graylane': 'gray' };
  const agent = new http.Agent({ socketPath: path } as http.AgentOptions);
  return {
    'http.get': await outcome(() => viaNode('http://stock/items', { socketPath: path, headers })),
    'http.get with an agent': await outcome(() => viaNode('http://stock/items', { agent, headers })),
    got: await outcome(() => got(`http://unix:${path}:/items`, { enableUnixSockets: true, headers }).json()),
    'got with laneRequest': await outcome(() =>
      explicitGot(`http://unix:${path}:/items`, { enableUnixSockets: true, headers }).json(),
    ),
  };
}

const withHooks = await scenarios({ ...hooked, ...explicit });
const redirects = await redirect();
const retried = await retry();
const atSocket = await unix();
const namedInContext = await byAll(
  { fetch: hooked.fetch as Call, 'undici.request': hooked['undici.request'] as Call },
  (call) => inBaggage({ user: 'u1' }, () => call('http://stock/items', { baggage: `a=1,graylane=gray,b=2;p=q` })),
);
unhook();
const withoutHooks = await scenarios(explicit);
const both = <Key extends keyof typeof withHooks>(key: Key): Record<string, Got> => ({
  ...withHooks[key],
  ...Object.fromEntries(Object.entries(withoutHooks[key]).map(([client, got]) => [`${client}, no hooks`, got])),
});
report({
  elsewhere: both('elsewhere'),
  elsewhereTold: both('elsewhereTold'),
  empty: both('empty'),
  dead: both('dead'),
  named: both('named'),
  namedByCopy: both('namedByCopy'),
  retried,
  redirects,
  unix: atSocket,
  namedInContext,
  ports: { dead: dead.port, alive: flaky[1]?.port ?? 0 },
  errors,
} satisfies WaysReport);
