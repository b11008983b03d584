/** What the programs of the tests have in common: instances that say what reached them, and a client that nobody hooks. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import type { Instance } from '@graylane/core';

/** What reached an instance. */
export interface Arrival {
  readonly service: string;
  /** The lane of the instance that answered. */
  readonly lane: string;
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  /** The TLS server name that was asked for. */
  readonly servername?: string;
  /** One entry for each `baggage` header line. */
  readonly baggage: readonly string[];
  readonly copy: readonly string[];
  readonly body: string;
}

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** The certificate of the service `vault`, signed by itself. */
export const CERTIFICATE: Buffer = fixture('vault-cert.pem');

export const TLS = { cert: CERTIFICATE, key: fixture('vault-key.pem') };

/** Starts a server on loopback; returns its port. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

/** An instance for a registry. */
export function instanceAt(service: string, lane: string, port: number, host = '127.0.0.1'): Instance {
  const address = { id: `${service}-${lane}-${port}`, service, host, port };
  return { ...address, lane, weight: 1, zone: '', state: 'ready', metadata: {} };
}

/** Starts an instance that answers every request with its {@link Arrival}. */
export async function startInstance(service: string, lane: string, how: { tls?: boolean } = {}): Promise<Instance> {
  const answer: RequestListener = async (request, response) => {
    const arrival = { ...arrivalOf(service, lane, request), body: await text(request) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(arrival));
  };
  const server = how.tls ? createTLSServer(TLS, answer) : createServer(answer);
  return instanceAt(service, lane, await listen(server));
}

export function arrivalOf(service: string, lane: string, request: IncomingMessage): Omit<Arrival, 'body'> {
  const { servername } = request.socket as TLSSocket;
  return {
    service,
    lane,
    method: request.method ?? '',
    path: request.url ?? '',
    host: request.headers.host,
    ...(typeof servername === 'string' && { servername }),
    baggage: linesOf(request, 'baggage'),
    copy: linesOf(request, 'x-graylane'),
  };
}

function linesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** Sends a request over a socket of its own, past every hook; returns the answer's body. */
export async function send(
  port: number,
  path: string,
  lines: readonly string[] = [],
  body: string | undefined = undefined,
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const length = body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const head = [
    `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    'host: entry',
    'connection: close',
    ...length,
    ...lines,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`);
  const answer = await text(socket);
  const at = answer.indexOf('\r\n\r\n');
  const content = answer.slice(at + 4);
  return /^transfer-encoding: chunked/im.test(answer.slice(0, at)) ? unchunk(content) : content;
}

function unchunk(text: string): string {
  const end = text.indexOf('\r\n');
  const size = Number.parseInt(text, 16);
  return size > 0 ? text.slice(end + 2, end + 2 + size) + unchunk(text.slice(end + 4 + size)) : '';
}

/** What the test handed over. */
export function readInput<Input>(): Input {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Hands a result to the test, and ends the program. */
export function report(result: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`\n${JSON.stringify(result)}`, () => process.exit(0));
}
