// The services behind everything that is measured: as cheap as Node can be, so that they are never what is waited for.

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { isReady } from './processes.ts';

/** A service's ports, one an instance: what this script says when it is ready. */
export interface UpstreamPorts {
  readonly stable: number;
  readonly gray: number;
}

const SMALL = answer('text/plain', 'x'.repeat(101));
const LARGE = answer('application/octet-stream', 'x'.repeat(64 * 1024));

isReady({ stable: await listen('stable'), gray: await listen('gray') } satisfies UpstreamPorts);

/** Answers `/large` with 64 KiB, `/echo` with its lane and the request's head as JSON, all else with 101 bytes. No bodies. */
async function listen(lane: string): Promise<number> {
  const server: Server = createServer({ noDelay: true }, (socket: Socket) => {
    let rest = '';
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n\r\n'); end !== -1; end = rest.indexOf('\r\n\r\n')) {
        const head = rest.slice(0, end);
        rest = rest.slice(end + 4);
        if (head.startsWith('GET /large ')) socket.write(LARGE);
        else if (head.startsWith('GET /echo '))
          socket.write(answer('application/json', JSON.stringify({ lane, head })));
        else socket.write(SMALL);
      }
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function answer(type: string, body: string): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}
