import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Instance } from '@graylane/core';
import { createGateway } from '@graylane/gateway';
import { createRouter, currentLane, type Router } from '@graylane/node';
import { expressMiddleware } from '@graylane/node/express';
import { laneRequest } from '@graylane/node/got';
import { laneListener } from '@graylane/node/http';
import { koaMiddleware } from '@graylane/node/koa';
import { laneDispatcher } from '@graylane/node/undici';
import { type MemoryRegistry, memoryPolicy, memoryRegistry } from '@graylane/sources';
import express from 'express';
import got from 'got';
import Koa from 'koa';
import { request as undiciRequest } from 'undici';
import { LANES, type ServiceModel, type Topology } from './topology.ts';

/** What one instance says of a request, and what those behind it said. */
export interface Hop {
  readonly service: string;
  /** The lane of the instance. */
  readonly servedBy: string;
  /** The lane that the request was in there. */
  readonly wanted: string;
}

/** A chain's answer. */
export interface Walked {
  readonly hops: readonly Hop[];
  /** The code with which the call after the last hop was refused. */
  readonly refused?: string;
}

/** A topology, running in this process. Nothing is hooked: every client is used in its explicit form. */
export interface Shop extends AsyncDisposable {
  /** Sends a request through the gateway. */
  walk(headers: Readonly<Record<string, string>>): Promise<Walked>;
}

export async function openShop(topology: Topology): Promise<Shop> {
  const registry = memoryRegistry();
  const closing: (() => Promise<unknown>)[] = [() => registry.close()];
  const close = async (): Promise<void> => {
    await Promise.all(closing.map((each) => each()));
  };
  try {
    const { port } = await startAll(topology, registry, closing);
    return { walk: async (headers) => walkedOf(await send(port, headers)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closing = (() => Promise<unknown>)[];

/** Starts every instance and the gateway. Whoever calls this closes them. */
async function startAll(topology: Topology, registry: MemoryRegistry, closing: Closing): Promise<AddressInfo> {
  const instances: Instance[] = [];
  for (const [index, model] of topology.services.entries())
    for (const { lane, state } of model.instances) {
      const isLast = index === topology.services.length - 1;
      const service = `s${index}`;
      const router = createRouter({
        service,
        lane,
        registry: registry.open(),
        policy: memoryPolicy(policyOf(topology)),
      });
      const server = listenerOf(model, router, isLast ? undefined : callerOf(model, router, `s${index + 1}`, closing));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      closing.push(
        () => router.close(),
        () => closed(server),
      );
      instances.push(instanceOn(server, service, lane, state));
    }
  registry.set(instances);
  const gateway = createGateway({
    registry: registry.open(),
    policy: memoryPolicy(policyOf(topology)),
    routes: [{ service: 's0' }],
  });
  closing.push(() => gateway.close());
  return gateway.listen(0);
}

/** The topology's policy, with a rule that puts a request into the lane that its header `x-lane` names. */
function policyOf({ policy }: Topology): unknown {
  const rules = LANES.map((lane) => ({ name: `to-${lane}`, when: { fact: 'header.x-lane', equals: lane }, lane }));
  return { version: 1, ...policy, rules };
}

type CallNext = () => Promise<Walked>;

/** A call of the next service. It carries what would put a request into a lane at the entry: nobody may look at it here. */
function callerOf({ client }: ServiceModel, router: Router, next: string, closing: Closing): CallNext {
  const url = `http://${next}/`;
  const headers = { 'x-lane': 'blue' };
  if (client === 'got') {
    const options = { request: laneRequest(router), retry: { limit: 0 }, headers };
    return () => got(url, options).json<Walked>();
  }
  const dispatcher = laneDispatcher(router);
  closing.push(() => dispatcher.destroy());
  return async () => (await undiciRequest(url, { dispatcher, headers })).body.json() as Promise<Walked>;
}

function listenerOf({ framework }: ServiceModel, router: Router, callNext: CallNext | undefined): Server {
  const answer = async (): Promise<Walked> => {
    const own: Hop = { service: router.service, servedBy: router.lane, wanted: currentLane() };
    if (!callNext) return { hops: [own] };
    try {
      const { hops, ...rest } = await callNext();
      return { hops: [own, ...hops], ...rest };
    } catch (error) {
      return { hops: [own], refused: codeOf(error) };
    }
  };
  switch (framework) {
    case 'http':
      return createServer(laneListener(async (_request, response) => response.end(JSON.stringify(await answer()))));
    case 'express': {
      const app = express();
      app.use(expressMiddleware());
      app.use(async (_request, response) => void response.json(await answer()));
      return createServer(app);
    }
    case 'koa': {
      const app = new Koa();
      app.use(koaMiddleware());
      app.use(async (ctx) => {
        ctx.body = await answer();
      });
      return createServer(app.callback());
    }
  }
}

/** The code of ours in an error, however deep a client has wrapped it. */
function codeOf(error: unknown): string {
  const { code, cause, message } = error as { code?: string; cause?: unknown; message: string };
  if (code?.startsWith('GL_')) return code;
  return cause === undefined ? `${code}: ${message}` : codeOf(cause);
}

function instanceOn(server: Server, service: string, lane: string, state: Instance['state']): Instance {
  const { port } = server.address() as AddressInfo;
  const id = `127.0.0.1:${port}`;
  return { id, service, host: '127.0.0.1', port, lane, weight: 1, zone: '', state, metadata: {} };
}

function send(port: number, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers, agent: false }, resolve).on('error', reject).end();
  });
}

async function walkedOf(response: IncomingMessage): Promise<Walked> {
  const body = (await json(response)) as Walked & { error?: { code: string } };
  return body.error ? { hops: [], refused: body.error.code } : body;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
