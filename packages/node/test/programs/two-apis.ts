/** Beside an SDK whose copy of the API is older than ours, which then cannot hold a context. Reports what still works. */
import { subscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import { createRouter, currentLane, type ErrorMessage } from '@graylane/node';
import { laneListener } from '@graylane/node/http';
import { memoryRegistry } from '@graylane/sources';
import { listen, report, send, startInstance } from './stage.ts';

const errors: string[] = [];
subscribe('graylane:error', (message) => errors.push(String((message as ErrorMessage).where)));
const globals = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] as Record<
  string,
  unknown
>;
const before = { ...globals };

const router = createRouter({ service: 'front', registry: memoryRegistry([await startInstance('stock', 'stable')]) });
await router.ready();
router.hookClients();
const front = await listen(
  createServer(
    laneListener(async (_, response) => {
      const answer = await fetch('http://stock/');
      response.end(JSON.stringify({ lane: currentLane(), arrival: await answer.json() }));
    }),
  ),
);
const lines = ['baggage: graylane=gray,user=u1'];
const answers = [JSON.parse(await send(front, '/', lines)), JSON.parse(await send(front, '/', lines))];
report({
  version: globals.version,
  untouched: Object.keys(before).filter((key) => globals[key] === before[key]),
  keys: Object.keys(globals),
  state: router.openTelemetry,
  answers: answers.map(({ lane, arrival }) => [lane, arrival.service, arrival.lane]),
  errors,
});
