// Plain node:http, calling the payment with axios.
import { createServer } from 'node:http';
import { laneListener } from '@graylane/node/http';
import axios from 'axios';
import { type Answer, answer, joinShop } from '../service.ts';

const router = joinShop('orders');
const server = createServer(
  laneListener(async (request, response) => {
    const payment = async (): Promise<Answer> => (await axios.get<Answer>('http://payment/state')).data;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await answer(router, request.socket.localPort ?? 0, payment)));
  }),
);
await router.ready();
await router.announce(server.listen(0, '127.0.0.1'));
