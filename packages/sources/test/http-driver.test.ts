import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isGraylaneError } from '@graylane/core';
import type { Registry } from '@graylane/sources';
import { httpRegistry } from '@graylane/sources/http';
import { createRegistryServer } from '@graylane/sources/registry-server';
import { eventually, instanceOf, shown } from '@graylane/testkit';
import { afterEach, describe, expect, it } from '@jest/globals';
import { call } from './http-call.ts';
import { run } from './program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that answers a watch with what `answer` does. Resolves to its URL. */
async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<string> {
  const server: Server = createServer((request, response) => answer(response, request));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(url: string, options: Partial<Parameters<typeof httpRegistry>[0]> = {}): Registry {
  const registry = httpRegistry({ url, backoffMs: 10, maxBackoffMs: 50, ...options });
  closers.push(() => registry.close());
  return registry;
}

function stream(response: ServerResponse, text: string, heartbeatMs = 60_000): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'graylane-heartbeat-ms': heartbeatMs });
  response.write(text);
}

const instances = [instanceOf('orders', 8001)];
const sync = `event: sync\nid: a:1\ndata: ${JSON.stringify({ instances })}\n\n`;

describe('the client of the embedded registry', () => {
  it('keeps what it knows and says what is wrong when the server talks nonsense', async () => {
    const nonsense = [
      'event: change\ndata: {"service":"orders","instances":[{"port":0}],"left":[]}\n\n',
      'event: change\ndata: {"service":"","instances":[],"left":7}\n\n',
      'event: change\ndata: {"service":"orders","instances":[],"left":[7]}\n\n',
      'event: sync\ndata: {"instances":7}\n\n',
      'event: sync\ndata: {\n\n',
      'event: sync\ndata: null\n\n',
      `data: ${'x'.repeat(5_000)}`,
    ];
    for (const text of nonsense) {
      let sessions = 0;
      const url = await serve((response) => {
        sessions++;
        stream(response, sessions === 1 ? sync : text);
        if (sessions === 1) setTimeout(() => response.write(text), 20);
      });
      const registry = open(url, { maxEventLength: 4_000 });
      const error = await eventually('it complains', () => registry.status().error);
      expect(isGraylaneError(error)).toBe(true);
      expect(error).toMatchObject({ code: expect.stringMatching(/^GL_(INSTANCES_INVALID|REGISTRY_REFUSED)$/) });
      await eventually('it tries again', () => sessions > 2);
      expect(shown(registry, 'orders')).toBe('8001');
      await registry.close();
    }
  });

  it('takes no notice of events of later versions', async () => {
    const url = await serve((response) => stream(response, `event: hello\ndata: 7\n\n${sync}data: x\n\n`));
    const registry = open(url);
    await registry.ready();
    expect(registry.status()).toMatchObject({ freshness: 'fresh' });
  });

  it('says why it was refused', async () => {
    const server = createRegistryServer({ token: 'right' });
    const url = await server.listen({ port: 0 });
    closers.push(() => server.close());
    const registry = open(url, { token: 'wrong' });
    const error = await registry.ready(200).catch((thrown) => thrown);
    expect(isGraylaneError(error, 'GL_REGISTRY_UNAVAILABLE')).toBe(true);
    expect(error.message).toContain('answered 401: The token is wrong.');
    expect(error.message).not.toContain('right');
  });

  it('does not show what other servers say', async () => {
    const url = await serve((response) => response.writeHead(502).end('<h1>secret</h1>'));
    const registry = open(url);
    const error = await eventually('it complains', () => registry.status().error);
    expect(error.message).toBe(`${url} answered 502`);
  });

  it('gives up a watch that is silent for three heartbeats', async () => {
    let sessions = 0;
    const url = await serve((response) => {
      sessions++;
      stream(response, sync, 20);
    });
    const registry = open(url);
    await registry.ready();
    await eventually('it began anew', () => sessions > 2);
    expect(shown(registry, 'orders')).toBe('8001');
  });

  it('gives up a server that takes the connection and never answers', async () => {
    const url = await serve(() => {});
    const registry = open(url, { resyncMs: 3_600_000 });
    await registry.ready(50).catch(() => {});
    await registry.close(); // in the middle of it
    expect(registry.status().freshness).toBe('none');
  });

  it('resumes a lost watch where it left off, and a session that it ends itself not', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((response, request) => {
      asked.push(request.headers['last-event-id'] as string | undefined);
      stream(
        response,
        asked.length === 1 ? sync : 'event: change\nid: a:2\ndata: {"service":"stock","instances":[],"left":[]}\n\n',
      );
      if (asked.length < 3) setTimeout(() => response.destroy(), 20);
    });
    const registry = open(url, { resyncMs: 800 });
    await eventually('four sessions were begun', () => asked.length === 4);
    expect(asked).toEqual([undefined, 'a:1', 'a:2', undefined]);
    expect(shown(registry, 'orders')).toBe('8001');
  });

  it('sees no service shrink, no lane vanish, when the registry was restarted', async () => {
    const server = createRegistryServer();
    const url = await server.listen({ port: 0 });
    const registry = open(url);
    const put = async (id: number, lane: string): Promise<unknown> =>
      call(`${url}/v1/services/orders/instances/${id}`, { method: 'PUT', body: { host: 'a', port: id, lane } });
    for (const id of [1, 2, 3, 4]) await put(id, 'stable');
    await put(5, 'gray');
    await eventually('all are seen', () => shown(registry, 'orders') === '1 2 3 4 5/gray');
    const seen = new Set<string>();
    registry.subscribe(() => seen.add(shown(registry, 'orders')));
    await server.close();
    const restarted = createRegistryServer();
    closers.push(() => restarted.close());
    await restarted.listen({ port: Number(new URL(url).port) });
    await put(4, 'stable');
    await put(6, 'stable');
    await eventually('the new one is seen', () => shown(registry, 'orders').includes('6'));
    expect([...seen]).toEqual(['1 2 3 4 5/gray 6']);
  });

  it('is told at once what is wrong with its URL or token', () => {
    for (const options of [
      { url: '127.0.0.1:8700' },
      { url: 'ftp://x' },
      { url: 'http://me:secret@x' },
      { url: 'http://x', token: 'a b' },
      { url: 'http://x', token: '' },
    ]) {
      const error = ((): unknown => {
        try {
          return httpRegistry(options);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(isGraylaneError(error, 'GL_CONFIG_INVALID')).toBe(true);
      expect(String(error)).not.toContain('secret');
    }
  });

  it('takes another connection when a kept one was closed just then', async () => {
    const paths: (string | undefined)[] = [];
    let renewals = 0;
    const url = await serve((response, { url: path, method, socket }) => {
      if (path === '/v1/watch') return stream(response, sync);
      paths.push(method);
      if (method === 'POST' && ++renewals % 2 === 1) socket.destroy();
      else response.writeHead(method === 'PUT' ? 200 : 204).end(method === 'PUT' ? '{"ttlMs":60}' : undefined);
    });
    const registry = open(url);
    await registry.ready();
    await registry.register(instanceOf('orders', 1)).accepted;
    await eventually('it was renewed twice', () => renewals >= 4);
    expect(paths.slice(0, 5)).toEqual(['PUT', 'POST', 'POST', 'POST', 'POST']);
    expect(registry.status().error).toBeUndefined();
  });

  it('gives up an answer that does not end', async () => {
    const url = await serve((response) => response.writeHead(503, { 'graylane-heartbeat-ms': 20 }).write('x'));
    const registry = open(url);
    const error = await eventually('it complains', () => registry.status().error);
    expect(error.message).toContain('has not been heard for 60 ms');
  });

  it('keeps the path of its URL', async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((response, request) => {
      paths.push(request.url);
      stream(response, sync);
    });
    const registry = open(`${url}/registry`);
    await registry.ready();
    expect(paths).toEqual(['/registry/v1/watch']);
    expect(registry.name).toBe(`${url}/registry`);
  });

  it('does not hold its process, open or closed', async () => {
    const server = createRegistryServer();
    const url = await server.listen({ port: 0 });
    closers.push(() => server.close());
    await call(`${url}/v1/services/orders/instances/a`, { method: 'PUT', body: { host: 'a', port: 1 } });
    for (const how of ['open', 'closed'])
      expect(await run('watch-and-go.ts', [url, how])).toEqual({ text: 'orders', code: 0 });
    expect((await run('watch-and-go.ts', [url, 'registered'])).code).toBe(0);
    const { instances: left } = (await call(`${url}/v1/instances?service=program`)).json;
    expect(left).toEqual([]);
  });
});
