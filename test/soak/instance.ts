// An instance of the service. It answers each request with its lane, with the lane that was wanted, and with a body that
// says whose it is. Paths: `/plain/BYTES` and so on; see `answers`.
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { tell } from './messages.ts';
import { PatternCheck, patternOf } from './pattern.ts';

process.on('disconnect', () => process.exit());
const { LANE = '', PORT } = process.env;

/** Requests that were acted on and are not told yet. */
let acted: number[] = [];

/** How an answer is given, by the first part of the path. */
const answers: Readonly<Record<string, (response: ServerResponse, request: number, bytes: number) => unknown>> = {
  plain: answer,
  async slow(response, request, bytes) {
    await sleep(10 + (request % 50));
    answer(response, request, bytes);
  },
  /** In chunks, one after the other. */
  stream,
  /** Until the connection is closed. */
  close(response, request, bytes) {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    return stream(response, request, bytes);
  },
  upload(response, request, bytes) {
    const check = new PatternCheck(request);
    const { req } = response;
    req.on('data', (part: Buffer) => check.take(part));
    req.on('end', () => {
      const wanted = Number(req.headers['x-size']);
      if (!check.intact) tell({ kind: 'violation', what: `request ${request} came with the body of another` });
      if (check.bytes !== wanted)
        tell({ kind: 'violation', what: `request ${request} came with ${check.bytes} bytes instead of ${wanted}` });
      acted.push(request);
      answer(response, request, bytes);
    });
  },
};

const server = createServer((request, response) => {
  const [, how = '', bytes] = (request.url ?? '').split('/');
  response.writeHead(200, headersFor(request, how === 'stream' || how === 'close' ? undefined : Number(bytes)));
  void answers[how === 'early' ? 'plain' : how]?.(response, Number(request.headers['x-request-id']), Number(bytes));
});

server.on('upgrade', (request, socket, head) => {
  const { connection: _, ...headers } = headersFor(request, undefined);
  const lines = Object.entries({ ...headers, connection: 'Upgrade', upgrade: 'echo' });
  socket.on('error', () => {});
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  socket.write(head);
  socket.pipe(socket);
});

function headersFor({ headers }: IncomingMessage, length: number | undefined): OutgoingHttpHeaders {
  return {
    'x-request-id': headers['x-request-id'],
    'x-lane': LANE,
    'x-wanted': laneIn(headers.baggage?.toString()),
    'x-pid': process.pid,
    ...(length !== undefined && { 'content-length': length }),
  };
}

function laneIn(baggage = ''): string {
  return /(?:^|,)\s*graylane=([\w-]+)/.exec(baggage)?.[1] ?? 'stable';
}

function answer(response: ServerResponse, request: number, bytes: number): void {
  response.end(patternOf(request, bytes));
}

async function stream(response: ServerResponse, request: number, bytes: number): Promise<void> {
  const body = patternOf(request, bytes);
  const step = Math.ceil(bytes / 4);
  if (request % 4 === 0) response.flushHeaders();
  for (let at = 0; at < bytes; at += step) {
    await sleep(request % 3);
    response.write(body.subarray(at, at + step));
  }
  response.end();
}

setInterval(() => {
  if (acted.length > 0) tell({ kind: 'acted', requests: acted });
  acted = [];
}, 100);

process.on('SIGTERM', () => {
  server.close(() => {
    tell({ kind: 'acted', requests: acted });
    process.disconnect();
  });
});
server.listen(Number(PORT), '127.0.0.1', () => tell({ kind: 'up', port: (server.address() as AddressInfo).port }));
server.on('error', () => process.exit(3));
