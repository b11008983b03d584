/** Requests as they come from a hostile or careless world. Reports one fact after the other. */
import { subscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Lane } from '@graylane/core';
import { completeOpenTelemetry, currentLane, type ErrorMessage, runInLane } from '@graylane/node';
import { expressMiddleware } from '@graylane/node/express';
import { laneListener } from '@graylane/node/http';
import { koaMiddleware } from '@graylane/node/koa';
import { context, propagation } from '@opentelemetry/api';
import express from 'express';
import Koa from 'koa';
import { listen, report, send } from './stage.ts';

const GRAY = 'gray' as Lane;
const facts: Record<string, unknown> = {};
const errors: string[] = [];
subscribe('graylane:error', (message) => errors.push(String((message as ErrorMessage).error)));

const told = (): string =>
  JSON.stringify({
    lane: currentLane(),
    members:
      propagation
        .getActiveBaggage()
        ?.getAllEntries()
        .map(([key, { value }]) => `${key}=${value}`) ?? [],
  });

// --- The first job of a process, before any request.
facts.job = await runInLane(GRAY, async () => {
  await new Promise((resolve) => setImmediate(resolve));
  return JSON.parse(told());
});
facts.jobOver = currentLane();
facts.completed = completeOpenTelemetry();

// --- Servers that were made while a lane was active.
const koa = new Koa().use(koaMiddleware()).use(async (ctx) => {
  ctx.body = told();
});
const app = express();
app.use(expressMiddleware());
app.use(expressMiddleware()); // twice is once
app.use((_, res) => void res.end(told()));
const listeners: Readonly<Record<string, RequestListener>> = {
  Express: app,
  Koa: koa.callback(),
  'node:http': laneListener((_, response) => response.end(told())),
};
const leaking = propagation.setBaggage(context.active(), propagation.createBaggage({ leaked: { value: 'yes' } }));
const servers: Record<string, number> = {};
for (const [name, listener] of Object.entries(listeners)) {
  servers[name] = await context.with(leaking, () => runInLane(GRAY, () => listen(createServer(listener))));
}

const huge = Array.from({ length: 400 }, (_, at) => `member${at}=${'v'.repeat(16)}`).join(',');
const many = Array.from({ length: 300 }, (_, at) => `m${at}=v`).join(',');
const headers: Readonly<Record<string, readonly string[]>> = {
  untagged: [],
  'untagged with a member': ['baggage: user=u1'],
  tagged: ['baggage: graylane=blue'],
  'tagged with a member': ['baggage: user=u1,graylane=blue'],
  'in two lines': ['baggage: graylane=blue', 'baggage: user=u1'],
  'tagged twice': ['baggage: graylane=gray, graylane=blue'],
  'tagged in two lines': ['baggage: graylane=gray', 'BAGGAGE: graylane=blue'],
  'by the copy': ['x-graylane: blue'],
  'by an invalid copy': ['x-graylane: Blue!'],
  'by a repeated copy': ['x-graylane: blue', 'x-graylane: gray'],
  'no lane name': ['baggage: graylane=No Lane'],
  'an empty header': ['baggage:'],
  'only commas': ['baggage: ,,,;;==,'],
  'no percent code': ['baggage: graylane=blue,a=%zz,b=%ff,c=%'],
  'a prototype': ['baggage: __proto__=x,constructor=y,graylane=blue'],
  'a line break in code': ['baggage: graylane=blue%0d%0aset-cookie:x,graylane=blue'],
  'bytes that are no ASCII': ['baggage: graylane=blue,name=\u00e9'],
  'huge, tagged last': [`baggage: ${huge},graylane=blue`],
  'many, tagged last': [`baggage: ${many},graylane=blue`],
};
const requests: Record<string, Record<string, unknown>> = {};
let leaks = 0;
for (const [name, lines] of Object.entries(headers)) {
  const answers: Record<string, unknown> = {};
  for (const [server, port] of Object.entries(servers)) {
    const { lane, members } = JSON.parse(await send(port, '/', lines)) as { lane: string; members: string[] };
    if (members.includes('leaked=yes')) leaks++;
    answers[server] = [lane, ...(members.length < 100 ? members.filter((each) => each !== 'leaked=yes').sort() : [])];
  }
  requests[name] = answers;
}
facts.requests = requests;
facts.leaks = leaks;
facts.polluted = ({} as Record<string, unknown>).x ?? 'no';

// --- Errors of what comes next are the frameworks' own affair.
const failing = express();
failing.use(expressMiddleware());
failing.get('/sync', () => {
  throw new Error('sync');
});
failing.get('/async', async () => {
  await null;
  throw new Error('async');
});
failing.get('/next', (_, __, next) => next(new Error('next')));
failing.use(((error, _, res, __) => {
  res.status(500).end(`${error.message} in ${currentLane()}`);
}) as express.ErrorRequestHandler);
const expressPort = await listen(createServer(failing));
const blue = ['baggage: graylane=blue'];
facts.expressErrors = [];
for (const path of ['/sync', '/async', '/next'])
  (facts.expressErrors as string[]).push(await send(expressPort, path, blue));

const koaErrors: string[] = [];
const rejecting = new Koa()
  .use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = 500;
      ctx.body = `caught ${(error as Error).message}`;
      ctx.app.emit('error', error, ctx);
    }
  })
  .use(koaMiddleware())
  .use(async () => {
    await null;
    throw new Error('koa');
  });
rejecting.on('error', (error: Error) => koaErrors.push(error.message));
facts.koaErrors = [await send(await listen(createServer(rejecting.callback())), '/', blue), koaErrors];

const thrown: unknown[] = [];
const boom = new Error('boom');
const wrapped = laneListener(() => {
  throw boom;
});
const throwing: Server = createServer((request, response) => {
  try {
    wrapped(request, response);
  } catch (error) {
    thrown.push(error === boom);
    response.end('thrown');
  }
});
facts.thrown = [await send(await listen(throwing), '/', blue), thrown];

// --- Listeners of a request come and go as ever.
const coming = laneListener((request, response) => {
  const calls: string[] = [];
  const listener = (): void => void calls.push(`removed in ${currentLane()}`);
  request.on('end', listener);
  request.off('end', listener);
  request.once('end', listener);
  request.removeListener('end', listener);
  request.prependListener('end', () => calls.push(`first in ${currentLane()}`));
  request.once('end', () => response.end(JSON.stringify([...calls, `last in ${currentLane()}`])));
  request.resume();
});
const comingPort = await listen(createServer(coming));
facts.listeners = [
  JSON.parse(await send(comingPort, '/', blue, 'x')),
  JSON.parse(await send(comingPort, '/', ['x-graylane: blue'], 'x')),
];

// --- An error event that nobody listens for still throws.
const emitter = Object.assign(new EventEmitter(), { headers: { baggage: 'graylane=blue' } });
let unhandled = '';
laneListener(() => {
  try {
    emitter.emit('error', new Error('nobody listens'));
  } catch (error) {
    unhandled = (error as Error).message;
  }
})(emitter as never, new EventEmitter() as never);
facts.unhandled = unhandled;

// --- Something in our way throws: the handler runs all the same.
const broken = laneListener((_, response) => response.end('handled'));
const breaking = createServer((request, response) => {
  Object.defineProperty(request, 'headers', {
    value: {
      get baggage(): string {
        throw new Error('no headers');
      },
    },
  });
  broken(request, response);
});
const [answer] = await Promise.all([send(await listen(breaking), '/', blue), once(breaking, 'request')]);
facts.broken = [answer, errors];
report(facts);
