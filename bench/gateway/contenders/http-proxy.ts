// http-proxy with a kept-alive agent. Argument: the upstream's port.
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from 'http-proxy';
import { isReady } from '../../load/processes.ts';

const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${process.argv[2]}`,
  agent: new Agent({ keepAlive: true, maxSockets: 64 }),
});
proxy.on('error', (error) => console.error(error.message));
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, '127.0.0.1', () => isReady((server.address() as AddressInfo).port));
