// Koa 3, calling the shipping with node:http.
import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { koaMiddleware } from '@graylane/node/koa';
import Koa from 'koa';
import { type Answer, answer, joinShop } from '../service.ts';

const router = joinShop('stock');
const app = new Koa();
app.use(koaMiddleware());
app.use(async (ctx) => {
  const shipping = (): Promise<Answer> =>
    new Promise((resolve, reject) => {
      get('http://shipping/estimate', (response) => resolve(json(response) as Promise<Answer>)).on('error', reject);
    });
  ctx.body = await answer(router, ctx.socket.localPort ?? 0, shipping);
});
await router.ready();
await router.announce(app.listen(0, '127.0.0.1'));
