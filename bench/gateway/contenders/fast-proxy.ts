// fast-proxy in its undici mode, the fastest of Node's proxy libraries. Argument: the upstream's port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastProxy from 'fast-proxy';
import { isReady } from '../../load/processes.ts';

const { proxy } = fastProxy({
  base: `http://127.0.0.1:${process.argv[2]}`,
  undici: { connections: 64, pipelining: 1 },
});
const server = createServer((request, response) => proxy(request, response, request.url ?? '/', {}));
server.listen(0, '127.0.0.1', () => isReady((server.address() as AddressInfo).port));
