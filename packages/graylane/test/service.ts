// A service that says who it is: SERVICE and LANE in the environment, and the registry under REGISTRY.
import { createServer } from 'node:http';
import { createRouter, currentLane } from '@graylane/node';
import { laneListener } from '@graylane/node/http';
import { httpRegistry } from '@graylane/sources/http';

const { SERVICE = '', LANE = 'stable', REGISTRY = '' } = process.env;
const router = createRouter({ service: SERVICE, lane: LANE, registry: httpRegistry({ url: REGISTRY }) });
const server = createServer(
  laneListener((_request, response) => response.end(`${SERVICE} ${router.lane} for ${currentLane()}`)),
);
await router.announce(server.listen(0, '127.0.0.1'), { drainMs: 50 });
console.log('registered');
