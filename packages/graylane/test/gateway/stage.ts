import { createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { directoryWith, type Running, start } from '../run.ts';

export const POLICY = `
version: 1
lanes: { gray: {} }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
`;

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Has something undone when the present case is over. */
export function atEnd(close: () => unknown): void {
  closers.push(close);
}

/** Starts an instance; resolves with its port. */
export async function startInstance(handler: RequestListener = (_, response) => response.end('ok')): Promise<number> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A file of instances of `cart`. */
export function instancesFile(...instances: readonly (readonly [lane: string, port: number])[]): string {
  return JSON.stringify(instances.map(([lane, port]) => ({ service: 'cart', lane, host: '127.0.0.1', port })));
}

/** Files for a gateway, removed at the end. */
export function filesWith(files: Readonly<Record<string, string>>): (name: string) => string {
  const directory = directoryWith({ 'policy.yaml': POLICY, ...files });
  atEnd(() => directory[Symbol.dispose]());
  return directory.path;
}

/** A gateway of its own process, or of several. */
export interface StartedGateway {
  readonly gateway: Running;
  readonly url: string;
  readonly admin: string;
}

/** Starts a gateway and resolves when it listens. */
export async function startGateway(config: string, ...args: readonly string[]): Promise<StartedGateway> {
  const gateway = start(['gateway', '--config', config, '--log', 'none', ...args]);
  atEnd(() => gateway.end('SIGKILL'));
  const [, url = ''] = await gateway.until(/gateway {2}(https?:\S+)/);
  const [, admin = ''] = await gateway.until(/admin {4}(http:\S+)/);
  return { gateway, url, admin };
}

/** Asks something once, on a connection of its own. */
export function ask(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: await text(response) }),
    ).on('error', reject);
  });
}

/** Asks an admin listener until its answer is as wanted. */
export async function askUntil<Answer>(url: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = JSON.parse((await ask(url)).body) as Answer;
    if (wanted(answer)) return answer;
    await sleep(20);
  }
}

/** The value of one time series; 0 when there is none. */
export async function metric(admin: string, series: string): Promise<number> {
  const { body } = await ask(`${admin}/metrics`);
  const line = body.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}
