// A service that calls another one for each request. Arguments: mode, client, the other's ports.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isReady } from '../load/processes.ts';
import { type ClientName, openClient } from './clients.ts';
import { fit, type Mode } from './modes.ts';

const [mode, name, stable, gray] = process.argv.slice(2);
const { origin, around } = await fit(mode as Mode, { stable: Number(stable), gray: Number(gray) });
const call = await openClient(name as ClientName);
const server = createServer(
  around(async (request, response) => {
    try {
      const body = await call(`${origin}${request.url}`);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    } catch (error) {
      response.writeHead(502).end(String(error));
    }
  }),
);
server.listen(0, '127.0.0.1', () => isReady((server.address() as AddressInfo).port));
