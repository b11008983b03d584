// @fastify/http-proxy. Argument: the upstream's port.
import type { AddressInfo } from 'node:net';
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { isReady } from '../../load/processes.ts';

const app = fastify();
await app.register(httpProxy, {
  upstream: `http://127.0.0.1:${process.argv[2]}`,
  undici: { connections: 64, pipelining: 1 },
});
await app.listen({ port: 0, host: '127.0.0.1' });
isReady((app.server.address() as AddressInfo).port);
