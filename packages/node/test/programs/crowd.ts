/** Many lanes at once through few connections. Reports what was mixed up. */
import { randomBytes } from 'node:crypto';
import http, { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane } from '@graylane/core';
import { createRouter, currentLane } from '@graylane/node';
import { laneListener } from '@graylane/node/http';
import { memoryRegistry } from '@graylane/sources';
import { request as undiciRequest } from 'undici';
import { instanceAt, listen, report, send } from './stage.ts';

export interface CrowdReport extends Readonly<Record<string, unknown>> {
  readonly calls: number;
  readonly sockets: number;
  /** Sockets that carried more than one call. */
  readonly reused: number;
  /** Every call or socket that was not as it must be. */
  readonly mixed: readonly string[];
  /** Instances that still count calls as under way when all is over. */
  readonly busy: readonly string[];
}

const LANES = 40;
const REQUESTS = 600;
const AT_ONCE = 80;

const lanes = Array.from({ length: LANES }, () => `l-${randomBytes(6).toString('hex')}`);

/** A lane that no instance is in: its calls share the stable instances with untagged ones. */
const GHOST = 'ghost';

/** The lanes of the calls that each socket of an instance brought. */
const seen = new Map<Socket, string[]>();
const mixed: string[] = [];

async function startRecorder(lane: string) {
  const server = createServer((request, response) => {
    const wanted = /^graylane=([^,]+)/.exec(String(request.headers.baggage ?? ''))?.[1] ?? 'stable';
    const calls = seen.get(request.socket) ?? [];
    seen.set(request.socket, calls);
    calls.push(wanted);
    // Later, so that calls wait for the few sockets; in parts, so that the caller is told of them one by one.
    const answer = JSON.stringify({ lane, wanted });
    setImmediate(() => {
      response.write(answer.slice(0, 5));
      setImmediate(() => response.end(answer.slice(5)));
    });
  });
  return { ...instanceAt('stock', lane, await listen(server)), server };
}

const recorders = [...(await Promise.all(['stable', 'stable', ...lanes].map((lane) => startRecorder(lane))))];
const instances = recorders.map(({ server: _, ...instance }) => instance);
const laneOfPort = new Map(instances.map(({ port, lane }) => [port, lane]));

const router = createRouter({ service: 'front', registry: memoryRegistry(instances) });
await router.ready();
router.hookClients({ undici: { connections: 2 } });
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

let calls = 0;

/** Checks one answer: `here` is the lane of the request that made the call. */
function check(how: string, here: string, { lane, wanted }: { lane: string; wanted: string }): void {
  calls++;
  const expected = lanes.includes(here) ? here : 'stable';
  if (lane !== expected) mixed.push(`${how}: a call of ${here} was served by ${lane}`);
  if (wanted !== here) mixed.push(`${how}: a call of ${here} carried ${wanted}`);
}

const get = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    http.get('http://stock/', { agent }, resolve).on('error', reject);
  });

/** What the handler of each incoming request does: every way to call, and calls out of the answers' own events. */
async function callAll(here: string): Promise<void> {
  const viaHTTP = async (): Promise<void> => check('http', here, (await json(await get())) as Answer);
  const viaFetch = async (): Promise<void> =>
    check('fetch', here, (await (await fetch('http://stock/')).json()) as Answer);
  const viaUndici = async (): Promise<void> => {
    const { body } = await undiciRequest('http://stock/');
    check('undici', here, (await body.json()) as Answer);
  };
  const inEvents = (source: NodeJS.ReadableStream, how: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (event: string): void => {
        if (currentLane() !== here) mixed.push(`${how}: ${event} of ${here} came in ${currentLane()}`);
      };
      source.on('data', () => look('data'));
      source.once('end', () => {
        look('end');
        Promise.all([viaHTTP(), viaFetch()]).then(() => resolve(), reject);
      });
    });
  await Promise.all([
    viaHTTP(),
    viaFetch(),
    viaUndici(),
    get().then((response) => inEvents(response, 'http')),
    undiciRequest('http://stock/').then(({ body }) => inEvents(body, 'undici')),
  ]);
}

interface Answer {
  readonly lane: string;
  readonly wanted: string;
}

const front = await listen(
  createServer(
    laneListener(async (request, response) => {
      const here = request.headers['x-here'] as string;
      await callAll(here).catch((error: unknown) => mixed.push(String(error)));
      await text(request);
      response.end('done');
    }),
  ),
);

const wanted = Array.from({ length: REQUESTS }, (_, at) =>
  at % 5 === 0 ? 'stable' : at % 5 === 1 ? GHOST : (lanes[at % LANES] as string),
);
const work = async (): Promise<void> => {
  for (let lane = wanted.pop(); lane !== undefined; lane = wanted.pop()) {
    const lines = [`x-here: ${lane}`, ...(lane === 'stable' ? [] : [`baggage: graylane=${lane}`])];
    const answer = await send(front, '/', lines);
    if (answer !== 'done') mixed.push(`the front answered ${answer}`);
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));

for (const [socket, lanesSeen] of seen) {
  const lane = laneOfPort.get(socket.localPort as number) as string;
  const allowed = lane === 'stable' ? ['stable', GHOST] : [lane];
  const strangers = new Set(lanesSeen.filter((each) => !allowed.includes(each)));
  if (strangers.size > 0) mixed.push(`a socket of ${lane} saw ${[...strangers].join(' ')}`);
}
/** The lanes of instances that count calls as under way. A lane's picks are drawn often enough to see all of its instances. */
const busyLanes = (): string[] =>
  [...lanes, 'stable'].filter((lane) =>
    Array.from({ length: 20 }, () => router.pick('stock', lane as Lane)).some(
      (pick) => !('load' in pick) || pick.load.inFlight !== 0,
    ),
  );
// The last answers have arrived, and their requests close in a moment.
for (let patience = 1_000; busyLanes().length > 0 && patience > 0; patience--) await sleep(5);

report({
  calls,
  sockets: seen.size,
  reused: [...seen.values()].filter(({ length }) => length > 1).length,
  mixed: mixed.slice(0, 20),
  busy: busyLanes(),
} satisfies CrowdReport);
