// Koa 3, calling the orders with fetch.
import { koaMiddleware } from '@graylane/node/koa';
import Koa from 'koa';
import { type Answer, answer, joinShop } from '../service.ts';

const router = joinShop('cart');
const app = new Koa();
app.use(koaMiddleware());
app.use(async (ctx) => {
  const orders = async (): Promise<Answer> => (await fetch('http://orders/open')).json() as Promise<Answer>;
  ctx.body = await answer(router, ctx.socket.localPort ?? 0, orders);
});
await router.ready();
await router.announce(app.listen(0, '127.0.0.1'));
