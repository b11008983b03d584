/** What hooks do when something goes wrong, and that they come and go without a trace. Reports one fact after the other. */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http, { Agent, createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGraylaneError, type Lane } from '@graylane/core';
import { createRouter, type ErrorMessage, type Router, runInLane } from '@graylane/node';
import { laneRequest } from '@graylane/node/got';
import { laneDispatcher } from '@graylane/node/undici';
import { memoryRegistry, type Registry, type Snapshot } from '@graylane/sources';
import axios from 'axios';
import got from 'got';
import { type Arrival, instanceAt, listen, report, startInstance } from './stage.ts';

const GRAY = 'gray' as Lane;
const PROTOTYPE = Agent.prototype as unknown as { addRequest: (...told: unknown[]) => void };
const DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')] as const;
const globals = globalThis as unknown as Record<symbol, object | undefined>;
const facts: Record<string, unknown> = {};

let errors: ErrorMessage[] = [];
subscribe('graylane:error', (message) => errors.push(message as ErrorMessage));
const whereErrors = (): string[] => {
  const where = [...new Set(errors.map((each) => each.where))].sort();
  errors = [];
  return where;
};

const stable = await startInstance('stock', 'stable');
const gray = await startInstance('stock', 'gray');
// A name that DNS knows too: there a call goes that we cannot direct.
const local = await startInstance('localhost', 'gray');
// A name that only the registry knows.
const hidden = { ...gray, id: 'hidden', service: 'hidden.invalid' };
const registry = memoryRegistry([stable, gray, local, hidden]);
const router = createRouter({ service: 'front', registry });
await router.ready();

const viaNode = (url: string, options: http.RequestOptions = {}): Promise<Arrival> =>
  new Promise<IncomingMessage>((resolve, reject) => {
    http.get(url, options, resolve).on('error', reject);
  }).then(json) as Promise<Arrival>;
/** The lane that answered, or why nobody did. */
const laneOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    return ((await call) as Arrival).lane;
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    const why = code ?? cause?.code ?? String(error);
    // DNS says that there is none, or nothing at all.
    return why === 'ENOTFOUND' || why === 'EAI_AGAIN' ? 'no such host' : why;
  }
};

// --- What was there before is there again.
await fetch(`http://127.0.0.1:${stable.port}/`).then((response) => response.text());
const before = { addRequest: PROTOTYPE.addRequest, dispatcher: globals[DISPATCHERS[0]] };
router.hookClients()();
const { getGlobalDispatcher, request: undiciRequest, RetryAgent, setGlobalDispatcher } = await import('undici');
const between = getGlobalDispatcher();
const unhook = router.hookClients();
facts.hooked = [PROTOTYPE.addRequest !== before.addRequest, getGlobalDispatcher() !== between];
unhook();
facts.restored = [
  PROTOTYPE.addRequest === before.addRequest,
  globals[DISPATCHERS[0]] === before.dispatcher,
  getGlobalDispatcher() === between,
];
unhook();
facts.unhookedTwice = PROTOTYPE.addRequest === before.addRequest;

// --- One router a process.
const codeOf = (fn: () => unknown): string => {
  try {
    fn();
    return 'nothing';
  } catch (error) {
    return isGraylaneError(error) ? error.code : String(error);
  }
};
const hookedOnce = router.hookClients();
facts.twice = [
  codeOf(() => router.hookClients()),
  codeOf(() => router.hookClients({ undici: false })),
  codeOf(() => router.hookClients({ http: false })),
];
hookedOnce();
const onlyUndici = router.hookClients({ http: false });
facts.halfTwice = codeOf(() => router.hookClients());
facts.halfTaken = PROTOTYPE.addRequest === before.addRequest;
facts.firstStays = await runInLane(GRAY, () => laneOf(fetch('http://stock/').then((response) => response.json())));
onlyUndici();
whereErrors();

// --- Somebody else builds on our hooks, and then they go.
const unhookUnder = router.hookClients();
const ours = PROTOTYPE.addRequest;
PROTOTYPE.addRequest = function (...told: unknown[]) {
  return ours.apply(this, told);
};
const composed = getGlobalDispatcher().compose((dispatch) => (options, handler) => dispatch(options, handler));
setGlobalDispatcher(composed);
facts.wrapped = await runInLane(GRAY, () =>
  Promise.all([laneOf(viaNode('http://stock/')), laneOf(fetch('http://stock/').then((r) => r.json()))]),
);
unhookUnder();
const plain = `http://127.0.0.1:${stable.port}/`;
facts.wrappedAndGone = await runInLane(GRAY, () =>
  Promise.all([
    laneOf(viaNode('http://hidden.invalid/')),
    laneOf(fetch('http://hidden.invalid/')),
    laneOf(viaNode(plain)),
    laneOf(fetch(plain).then((response) => response.json())),
  ]),
);
PROTOTYPE.addRequest = before.addRequest;
setGlobalDispatcher(between);

// --- A proxy's agent hands the request on to another agent, with options of its own.
const inner = new Agent();
const forwarding = Object.assign(new Agent(), {
  createSocket: (request: unknown, options: object): void =>
    (inner as unknown as typeof PROTOTYPE).addRequest(request, { ...options }),
});
router.hookClients();
const forwarded = await runInLane(GRAY, () => viaNode('http://stock/', { agent: forwarding }));
facts.forwarded = [forwarded.lane, forwarded.baggage];

// --- A retrying dispatcher on top of ours picks again for each attempt.
const refusing = createServer();
const refused = instanceAt('flaky', 'gray', await listen(refusing));
await new Promise((resolve) => refusing.close(resolve));
registry.set([stable, gray, local, hidden, { ...refused, id: 'a' }, { ...gray, id: 'b', service: 'flaky' }]);
const retrying = new RetryAgent(getGlobalDispatcher(), { minTimeout: 1, errorCodes: ['ECONNREFUSED'], maxRetries: 3 });
const answers = await runInLane(GRAY, () =>
  Promise.all(
    Array.from({ length: 8 }, async () => (await undiciRequest('http://flaky/', { dispatcher: retrying })).statusCode),
  ),
);
facts.retrying = [...new Set(answers)];

// --- An answer that nobody wants, and an error that nobody handles.
const pickOf = () => router.pick('stock', GRAY) as { load: { inFlight: number } };
const unwanted = runInLane(GRAY, () => http.get('http://stock/'));
facts.unwantedListeners = [unwanted.listenerCount('response'), unwanted.listenerCount('error')];
facts.unwantedCounted = pickOf().load.inFlight;
await once(unwanted, 'close');
facts.unwantedCountedOut = pickOf().load.inFlight;
const uncaught = once(process, 'uncaughtException');
registry.set([stable, gray, local, hidden, { ...refused, service: 'gone', lane: 'stable' }]);
http.get('http://gone/');
facts.unhandled = ((await uncaught)[0] as { code: string }).code;
const destroyed = http.get('http://stock/');
destroyed.destroy();
facts.destroyed = ((await once(destroyed, 'error'))[0] as { code: string }).code;
facts.destroyedCountedOut = pickOf().load.inFlight;
facts.noErrorsYet = whereErrors();

// --- A registry that goes mad keeps what it said before.
let told: (snapshot: Snapshot) => void = () => {};
let say: () => Snapshot = () => ({ version: 1, services: new Map([['Stock', [stable, gray]]]) });
const mad: Registry = {
  ...registry,
  snapshot: () => say(),
  subscribe: (listener) => {
    told = listener;
    return () => {};
  },
};
const another = createRouter({ service: 'front', registry: mad });
const kindOf = (of: Router): string => of.pick('stock', GRAY).kind;
const say_ = (next: () => Snapshot): string => {
  say = next;
  told(undefined as never);
  return kindOf(another);
};
facts.mad = [
  kindOf(another),
  say_(() => {
    throw new Error('mad');
  }),
  say_(() => undefined as never),
  say_(() => ({ version: 2, services: new Map([['Stock', undefined as never]]) })),
  say_(() => ({ version: 3, services: new Map([['stock', [stable, gray]]]) })),
  say_(() => ({ version: 4, services: new Map([['stock', []]]) })),
  say_(() => ({ version: 5, services: new Map() })),
];
facts.madErrors = whereErrors();

// --- A router that throws: every call goes where it would have gone.
router.pick = () => {
  throw new Error('out of order');
};
const dispatcher = laneDispatcher(router);
const explicitGot = got.extend({ request: laneRequest(router), retry: { limit: 0 } });
const url = `http://localhost:${stable.port}/`;
const calls: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'http hook': (to) => viaNode(to),
  'http hook, got': (to) => got(to, { retry: { limit: 0 } }).json(),
  'http hook, axios': async (to) => (await axios.get(to)).data,
  'undici hook, fetch': async (to) => (await fetch(to)).json(),
  'undici hook, undici': async (to) => (await undiciRequest(to)).body.json(),
  'undici hook, explicit': async (to) => (await undiciRequest(to, { dispatcher })).body.json(),
  'got request': (to) => explicitGot(to).json(),
};
facts.throwing = {};
for (const [name, call] of Object.entries(calls)) {
  whereErrors();
  const led = [await runInLane(GRAY, () => laneOf(call(url))), await laneOf(call('http://hidden.invalid/'))];
  (facts.throwing as Record<string, unknown>)[name] = [...led, whereErrors()];
}
await sleep(0);
report(facts);
