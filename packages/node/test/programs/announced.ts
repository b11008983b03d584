/** A service that announces itself and is told to end while a request is under way. Writes a line for all that happens. */

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRouter } from '@graylane/node';
import { memoryRegistry } from '@graylane/sources';
import { readInput } from './stage.ts';

export type How = 'plain' | 'own listener' | 'told twice' | 'no signals';

const { how } = readInput<{ how: How }>();
const say = (line: string): void => void writeSync(1, `${line}\n`);

const registry = memoryRegistry();
const gone = Promise.withResolvers<void>();
const draining = Promise.withResolvers<void>();
registry.subscribe(({ services }) => {
  const state = services.get('orders')?.[0]?.state ?? 'gone';
  say(`the registry sees ${state}`);
  if (state === 'draining') draining.resolve();
  if (state === 'gone') gone.resolve();
});
const router = createRouter({ service: 'orders', lane: 'gray', registry });
await router.ready();

const server = createServer(async (_, response) => {
  // A request that outlives our place in the registry and our listening.
  await gone.promise;
  while (server.listening) await nextTurn();
  response.end('a slow answer');
});
server.keepAliveTimeout = 0; // it would never close a connection by itself
const announcing = router.announce(server, {
  drainMs: how === 'told twice' ? 600_000 : 20,
  graceMs: 600_000,
  ...(how === 'no signals' && { signals: [] }),
});
server.listen(0, '127.0.0.1');
const { instance, leave } = await announcing;
say(`announced at ${instance.port}`);

await once(server, 'request');

if (how === 'own listener') {
  process.on('SIGTERM', async () => {
    await Promise.all([leave(), leave()]);
    say(`left, ${server.listening ? 'still' : 'no longer'} listening`);
    process.exit(7);
  });
}
process.kill(process.pid, 'SIGTERM');
if (how === 'told twice') {
  await draining.promise;
  process.kill(process.pid, 'SIGTERM');
}
