// Plain node:http, the end of the chain.
import { createServer } from 'node:http';
import { laneListener } from '@graylane/node/http';
import { answer, joinShop } from '../service.ts';

const router = joinShop('shipping');
const server = createServer(
  laneListener(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await answer(router, request.socket.localPort ?? 0)));
  }),
);
await router.ready();
await router.announce(server.listen(0, '127.0.0.1'));
