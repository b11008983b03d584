// Express 5, calling the cart with got.

import { expressMiddleware } from '@graylane/node/express';
import express from 'express';
import got from 'got';
import { type Answer, answer, joinShop } from '../service.ts';

const router = joinShop('storefront');
const app = express();
app.use(expressMiddleware());
app.get('/{*any}', async (request, response) => {
  response.json(await answer(router, request.socket.localPort ?? 0, () => got('http://cart/items').json<Answer>()));
});
await router.ready();
await router.announce(app.listen(0, '127.0.0.1'));
