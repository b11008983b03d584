import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createWireServer, type Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '@graylane/core';
import { type MemoryPolicy, type MemoryRegistry, memoryPolicy, memoryRegistry } from '@graylane/sources';
import { afterEach } from '@jest/globals';
import { createGateway, type Gateway, type GatewayOptions } from '../src/gateway.ts';
import type { ExchangeRecord } from '../src/record.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Has something undone when the present case is over. */
export function atEnd(close: () => unknown): void {
  closers.push(close);
}

/** Waits until a condition holds. */
export async function eventually(condition: () => boolean, what = condition.toString()): Promise<void> {
  const until = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`never came: ${what}`);
    await sleep(2);
  }
}

/** Waits until a number has stopped growing: whatever could still move has moved. */
export async function settled(read: () => number): Promise<number> {
  let before = read();
  for (let still = 0; still < 20; ) {
    await sleep(10);
    still = read() === before ? still + 1 : 0;
    before = read();
  }
  return before;
}

/** A policy in which header `x-tester: 1` is gray, and half of the users that have a cookie `uid` too. */
export const POLICY = {
  version: 1,
  lanes: { gray: {} },
  rules: [
    { name: 'testers', when: { fact: 'header.x-tester', equals: '1' }, lane: 'gray' },
    {
      name: 'half',
      when: { fact: 'cookie.uid', exists: true },
      split: { by: 'cookie.uid', salt: 'half', lanes: { gray: 50 } },
    },
  ],
};

/** Picks one instance after the other, the first one first. */
export const IN_TURN = { balance: 'round-robin', random: () => 0.999_999 } as const;

/** A gateway with all that it stands on. */
export interface Stage {
  readonly gateway: Gateway;
  readonly port: number;
  readonly registry: MemoryRegistry;
  readonly policy: MemoryPolicy;
  readonly records: ExchangeRecord[];
  /** Waits for so many records, and gives the last. */
  record(count?: number): Promise<ExchangeRecord>;
}

/** Starts a gateway in front of some instances. */
export async function startStage(
  instances: readonly Instance[],
  options: Partial<Omit<GatewayOptions, 'registry' | 'policy'>> & { policy?: unknown; host?: string } = {},
): Promise<Stage> {
  const { policy: rules = POLICY, host, ...rest } = options;
  const registry = memoryRegistry(instances);
  const policy = memoryPolicy(rules);
  const records: ExchangeRecord[] = [];
  const gateway = createGateway({ ...rest, registry, policy, onExchange: (record) => records.push(record) });
  atEnd(() => gateway.close({ graceMs: 0 }));
  const { port } = await gateway.listen(0, host);
  const record = async (count = 1): Promise<ExchangeRecord> => {
    await eventually(() => records.length >= count, `record ${count}`);
    return records.at(-1) as ExchangeRecord;
  };
  return { gateway, port, registry, policy, records, record };
}

/** A request as an instance got it. */
export interface Received {
  readonly method: string;
  readonly target: string;
  readonly lines: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
}

/** An instance and what it got. */
export interface Started<Origin extends NetServer> {
  readonly instance: Instance;
  readonly received: Received[];
  readonly server: Origin;
}

/** Starts an instance that answers every request, by default with `served by LANE`. */
export async function startInstance(
  lane = 'stable',
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = (_, response) =>
    response.end(`served by ${lane}`),
  service = 'shop',
): Promise<Started<Server>> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // aborted
    }
    const body = Buffer.concat(chunks).toString('latin1');
    const { method = '', url = '', rawHeaders, rawTrailers } = request;
    received.push({ method, target: url, lines: rawHeaders, trailers: rawTrailers, body });
    answer(request, response, body);
  });
  const instance = await listen(server, lane, service);
  atEnd(() => server.closeAllConnections());
  return { instance, received, server };
}

/** Starts an HTTP instance whose handler does everything. */
export async function startHandler(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  lane = 'stable',
): Promise<Started<Server>> {
  const server = createServer(handler);
  const instance = await listen(server, lane, 'shop');
  atEnd(() => server.closeAllConnections());
  return { instance, received: [], server };
}

/** Starts an instance of which each connection is handled by hand. */
export async function startWireInstance(
  handler: (socket: Socket) => void,
  lane = 'stable',
): Promise<Started<NetServer>> {
  const sockets = new Set<Socket>();
  const server = createWireServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handler(socket);
  });
  const instance = await listen(server, lane, 'shop');
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { instance, received: [], server };
}

/** An instance at which nobody listens. */
export async function deadInstance(lane = 'stable', service = 'shop'): Promise<Instance> {
  const server = createWireServer();
  const instance = await listen(server, lane, service, () => {});
  await new Promise((resolve) => server.close(resolve));
  return instance;
}

/** An instance in a registry. */
export function instanceAt(port: number, lane = 'stable', service = 'shop'): Instance {
  const id = `127.0.0.1:${port}`;
  return { id, service, host: '127.0.0.1', port, lane, weight: 1, zone: '', state: 'ready', metadata: {} };
}

async function listen(
  server: NetServer,
  lane: string,
  service: string,
  ended: (close: () => unknown) => void = atEnd,
): Promise<Instance> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ended(() => new Promise((resolve) => server.close(resolve)));
  return instanceAt((server.address() as AddressInfo).port, lane, service);
}
