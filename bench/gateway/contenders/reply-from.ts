// @fastify/reply-from. Argument: the upstream's port.
import type { AddressInfo } from 'node:net';
import replyFrom from '@fastify/reply-from';
import fastify from 'fastify';
import { isReady } from '../../load/processes.ts';

const app = fastify();
await app.register(replyFrom, {
  base: `http://127.0.0.1:${process.argv[2]}`,
  undici: { connections: 64, pipelining: 1 },
});
app.get('/*', (request, reply) => reply.from(request.url));
await app.listen({ port: 0, host: '127.0.0.1' });
isReady((app.server.address() as AddressInfo).port);
