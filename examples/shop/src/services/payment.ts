// Express 5, calling the stock with undici.

import { expressMiddleware } from '@graylane/node/express';
import express from 'express';
import { request as call } from 'undici';
import { type Answer, answer, joinShop } from '../service.ts';

const router = joinShop('payment');
const app = express();
app.use(expressMiddleware());
app.get('/{*any}', async (request, response) => {
  const stock = async (): Promise<Answer> => (await call('http://stock/reserved')).body.json() as Promise<Answer>;
  response.json(await answer(router, request.socket.localPort ?? 0, stock));
});
await router.ready();
await router.announce(app.listen(0, '127.0.0.1'));
