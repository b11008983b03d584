// An instance of a service. It answers with a line for itself and one for each hop behind it; see `hops.ts`.
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Agent, createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { createRouter, currentLane, type PickMessage } from '@graylane/node';
import { laneListener } from '@graylane/node/http';
import { httpRegistry } from '@graylane/sources/http';
import { formatHop } from './hops.ts';
import { reportKnown } from './known.ts';
import { SETTINGS, tell } from './settings.ts';

process.on('disconnect', () => process.exit());
const { SERVICE = '', LANE = '', PORT, REGISTRY = '', STATE = '', NEXT, CLIENT } = process.env;

const registry = httpRegistry({ url: REGISTRY, stateDirectory: STATE, ttlMs: SETTINGS.ttlMs, ...SETTINGS.kept });
reportKnown(registry);
const router = createRouter({
  service: SERVICE,
  lane: LANE,
  registry,
  settleMs: SETTINGS.settleMs,
  ejection: SETTINGS.ejection,
});
router.hookClients({ undici: CLIENT === 'fetch' });

const agent = new Agent({ keepAlive: true });
const callers = {
  http: (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      get(url, { agent }, (response) => text(response).then(resolve, reject)).on('error', reject);
    }),
  fetch: async (url: string): Promise<string> => (await fetch(url)).text(),
};
const call = callers[CLIENT === 'fetch' ? 'fetch' : 'http'];

/** The pick that the call of the current request led to. */
const picked = new AsyncLocalStorage<{ address?: string }>();
subscribe('graylane:pick', (message) => {
  const { pick } = message as PickMessage;
  const store = picked.getStore();
  if (store && 'instance' in pick) store.address = pick.instance.id;
});

const server = createServer(
  laneListener(async (_request, response) => {
    const own = formatHop({ service: SERVICE, lane: LANE, wanted: currentLane(), pid: process.pid });
    if (NEXT === undefined) return response.end(own);
    const store: { address?: string } = {};
    try {
      const behind = await picked.run(store, () => call(`http://${NEXT}/`));
      response.end(`${own}\n${behind}`);
    } catch (error) {
      const { message, cause, code } = error as Error & { cause?: Error; code?: string };
      response.statusCode = 502;
      response.end(`${own}\nfailed ${store.address} ${code ?? ''} ${message} ${cause?.message ?? ''}`);
    }
  }),
);
await router.ready(60_000);
server.listen(Number(PORT), '127.0.0.1');
server.on('error', () => process.exit(3));
await router.announce(server, { signals: [] });
tell({ kind: 'up', address: `127.0.0.1:${PORT}` });
