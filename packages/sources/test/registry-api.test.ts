import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  createRegistryServer,
  type RegistryServer,
  type RegistryServerOptions,
} from '@graylane/sources/registry-server';
import { eventually } from '@graylane/testkit';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventStreamReader, type ServerEvent } from '../src/event-stream.ts';
import { type Called, call } from './http-call.ts';

const body = { host: '127.0.0.1', port: 8001 };
const path = '/v1/services/orders/instances/a';
let server: RegistryServer | undefined;
const sockets: Socket[] = [];

/** Starts a server that is closed when the test ends. Resolves to its address. */
async function serve(options: RegistryServerOptions = {}): Promise<string> {
  server = createRegistryServer(options);
  return server.listen({ port: 0 });
}

/** Watches a server over a socket of its own that reads only when it is told to. */
async function watch(
  url: string,
  lastEventId?: string,
): Promise<{ socket: Socket; events: ServerEvent[]; bytes(): number }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.push(socket);
  const resume = lastEventId === undefined ? '' : `last-event-id: ${lastEventId}\r\n`;
  // HTTP/1.0: the answer is not cut into chunks
  socket.write(`GET /v1/watch HTTP/1.0\r\nhost: x\r\n${resume}\r\n`);
  socket.on('error', () => {});
  const events: ServerEvent[] = [];
  const read = eventStreamReader(10_000_000);
  let bytes = 0;
  let inBody = false;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    const start = inBody ? 0 : chunk.indexOf('\r\n\r\n') + 4;
    inBody = true;
    events.push(...read(chunk.subarray(start)));
  });
  return { socket, events, bytes: () => bytes };
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

const refusal = ({ json }: Called): { code: string; paths: string[] } => ({
  code: json.error.code,
  paths: json.error.issues.map((issue: { path: string }) => issue.path),
});

describe('the API of the embedded registry', () => {
  it('puts, lists, renews and removes an instance', async () => {
    const url = await serve({ ttlMs: 5_000 });
    const put = await call(url + path, { method: 'PUT', body: { ...body, metadata: { lane: 'gray' }, ttlMs: 1_000 } });
    expect([put.status, put.json]).toEqual([200, { ttlMs: 1_000 }]);
    expect((await call(url + path, { method: 'PUT', body })).json).toEqual({ ttlMs: 5_000 });
    const listed = await call(`${url}/v1/instances`);
    const instance = { id: 'a', service: 'orders', host: '127.0.0.1', port: 8001, lane: 'stable', weight: 1, zone: '' };
    expect(listed.json.instances).toEqual([{ ...instance, state: 'ready', metadata: {} }]);
    expect(listed.json.epoch).toMatch(/^[0-9a-f]{12}$/);
    expect((await call(`${url}/v1/instances?service=orders`)).json.instances).toHaveLength(1);
    expect((await call(`${url}/v1/instances?service=other`)).json.instances).toEqual([]);
    expect((await call(`${url + path}/heartbeat`, { method: 'POST' })).status).toBe(204);
    expect((await call(url + path, { method: 'DELETE' })).status).toBe(204);
    expect((await call(url + path, { method: 'DELETE' })).status).toBe(404);
    expect((await call(`${url + path}/heartbeat`, { method: 'POST' })).status).toBe(404);
  });

  it('takes any name that has no spaces, percent-encoded', async () => {
    const url = await serve();
    for (const name of ['providers:com.shop.Orders:1.0:g', 'GROUP@@käse', 'a/b', '[::1]:80']) {
      const encoded = encodeURIComponent(name);
      const put = await call(`${url}/v1/services/${encoded}/instances/${encoded}`, { method: 'PUT', body });
      expect(put.status).toBe(200);
      const { instances } = (await call(`${url}/v1/instances?service=${encoded}`)).json;
      expect(instances[0]).toMatchObject({ service: name, id: name });
    }
  });

  it('refuses what is no instance, with all mistakes at once', async () => {
    const url = await serve();
    const wrong = {
      host: 'a b',
      port: 70_000,
      weight: -1,
      state: 'red',
      metadata: { a: 1 },
      ttlMs: 1,
      id: 'b',
      zon: '',
    };
    const answer = await call(url + path, { method: 'PUT', body: wrong });
    expect(answer.status).toBe(400);
    expect(refusal(answer)).toEqual({
      code: 'GL_INSTANCES_INVALID',
      paths: ['id', 'ttlMs', 'zon', 'host', 'port', 'weight', 'state', 'metadata.a'],
    });
    expect((await call(`${url}/v1/instances`)).json.instances).toEqual([]);
  });

  it('refuses bodies, names and paths of every wrong kind', async () => {
    const url = await serve({ bodyBytes: 1_000 });
    const put = async (at: string, text: unknown): Promise<number> =>
      (await call(url + at, { method: 'PUT', body: text })).status;
    for (const text of ['', '{', '7', 'null', '[]', '"x"', '{"port":1}', '\uFEFF{}'])
      expect(await put(path, text)).toBe(400);
    for (const host of ['a b', 'a/b', 'user@host', '-a', 'a:80', ' ', ''])
      expect(await put(path, { ...body, host })).toBe(400);
    for (const host of ['::1', '10.0.0.1', 'my_host.svc', 'a']) expect(await put(path, { ...body, host })).toBe(200);
    expect(await put(path, { ...body, service: 'stock' })).toBe(400);
    expect(await put('/v1/services/a%20b/instances/a', body)).toBe(400);
    expect(await put('/v1/services/a%00b/instances/a', body)).toBe(400);
    expect(await put('/v1/services/%ff/instances/a', body)).toBe(400);
    expect(await put(`/v1/services/${'a'.repeat(201)}/instances/a`, body)).toBe(400);
    expect(await put('/v1/services//instances/a', body)).toBe(404);
    for (const at of ['/', '/v1', '/v1/instances/', '/v2/instances', `${path}/x`, `${path}/heartbeat/x`, '/healthz/x'])
      expect((await call(url + at)).status).toBe(404);
    expect(await put(path, { ...body, zone: 'x'.repeat(2_000) })).toBe(413);
    expect((await call(`${url}/healthz`)).json).toEqual({ status: 'ok' });
  });

  it('says which methods it takes', async () => {
    const url = await serve();
    const wrong = [
      ['POST', path, 'PUT, DELETE'],
      ['GET', `${path}/heartbeat`, 'POST'],
      ['POST', '/v1/instances', 'GET'],
      ['DELETE', '/v1/watch', 'GET'],
    ] as const;
    for (const [method, at, allow] of wrong) {
      const answer = await call(url + at, { method });
      expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    }
  });

  it('is for those who have the token only, but for its health', async () => {
    const url = await serve({ token: 'abc' });
    for (const authorization of ['', 'abc', 'Bearer', 'Bearer ab', 'Bearer abcd', 'Basic abc', 'Bearer abc x']) {
      const answer = await call(`${url}/v1/instances`, { headers: authorization === '' ? {} : { authorization } });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(refusal(answer).code).toBe('GL_REGISTRY_REFUSED');
    }
    expect((await call(`${url}/nothing`)).status).toBe(401);
    expect((await call(`${url}/healthz`)).status).toBe(200);
    expect((await call(`${url}/v1/instances`, { headers: { authorization: 'bearer abc' } })).status).toBe(200);
  });

  it('is not for pages in browsers, whatever address they were loaded from', async () => {
    const url = await serve();
    expect((await call(url + path, { method: 'PUT', body, headers: { origin: url } })).status).toBe(403);
  });

  it('holds no more instances, watchers and headers than it may', async () => {
    const url = await serve({ instances: 2, instancesPerService: 1, watchers: 1 });
    const put = async (service: string, id: string): Promise<number> =>
      (await call(`${url}/v1/services/${service}/instances/${id}`, { method: 'PUT', body })).status;
    expect([await put('a', '1'), await put('a', '2'), await put('b', '1'), await put('c', '1')]).toEqual([
      200, 507, 200, 507,
    ]);
    const watcher = await watch(url);
    await eventually('it watches', () => watcher.events.length > 0);
    expect((await call(`${url}/v1/watch`)).status).toBe(503);
    expect((await call(`${url}/v1/instances?${'x'.repeat(20_000)}`)).status).toBe(431);
  });

  it('gives its port back when it is closed, and ends every watch', async () => {
    const url = await serve({ heartbeatMs: 3_600_000 });
    const watcher = await watch(url);
    await eventually('it watches', () => watcher.events.length > 0);
    const ended = once(watcher.socket, 'close');
    await server?.close();
    await ended;
    expect(server?.address).toBeUndefined();
    await expect(call(url)).rejects.toThrow('ECONNREFUSED');
    server = createRegistryServer();
    expect(await server.listen({ port: Number(new URL(url).port) })).toBe(url);
    const second = createRegistryServer();
    await expect(second.listen({ port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
    await second.close();
  });
});

describe('a watch of the embedded registry', () => {
  const put = (url: string, id: string): Promise<Called> =>
    call(`${url}/v1/services/orders/instances/${id}`, { method: 'PUT', body });
  const said = ({ event, data }: ServerEvent): unknown => {
    const { instances, left } = JSON.parse(data);
    return [event, instances.map(({ id }: { id: string }) => id).join(' '), ...(left ? [left.join(' ')] : [])];
  };

  it('begins with everything and goes on with each change', async () => {
    const url = await serve();
    await put(url, 'a');
    const { events } = await watch(url);
    await eventually('it has begun', () => events.length === 1);
    await put(url, 'b');
    await eventually('b is there', () => events.some(({ data }) => data.includes('"id":"b"')));
    await call(`${url}/v1/services/orders/instances/a`, { method: 'DELETE' });
    await eventually('a is gone', () => said(events.at(-1) as ServerEvent));
    await eventually('a has left', () => events.at(-1)?.data.includes('"left":["a"]'));
    expect(said(events[0] as ServerEvent)).toEqual(['sync', 'a']);
    expect(said(events.at(-1) as ServerEvent)).toEqual(['change', 'b', 'a']);
    const revisions = events.map(({ id }) => Number(id?.split(':')[1]));
    expect(revisions).toEqual([...revisions].sort((x, y) => x - y));
  });

  it('is resumed where it left off, or begun anew where that is not known', async () => {
    const url = await serve({ changes: 2 });
    const before = await watch(url);
    for (const id of ['a', 'b', 'c']) {
      await put(url, id);
      await eventually(`${id} is told`, () => before.events.at(-1)?.data.includes(`"id":"${id}"`));
    }
    const [epoch, last] = before.events.at(-1)?.id?.split(':') ?? [];
    const opening = async (id: string): Promise<unknown[]> => {
      const { socket, events, bytes } = await watch(url, id);
      await eventually('it has begun', () => bytes() > 0 && (events.length > 0 || id === `${epoch}:${last}`));
      socket.destroy();
      return events.map(said);
    };
    expect(await opening(`${epoch}:${last}`)).toEqual([]);
    expect(await opening(`${epoch}:${Number(last) - 1}`)).toEqual([['change', 'a b c', '']]);
    for (const id of [
      `${epoch}:0`,
      `${epoch}:${Number(last) + 1}`,
      `0${epoch?.slice(1)}x:1`,
      'abc:1',
      'x',
      '',
      `${epoch}:-1`,
    ])
      expect(await opening(id)).toEqual([['sync', 'a b c']]);
  });

  it('has signs of life', async () => {
    const url = await serve({ heartbeatMs: 20 });
    const { bytes } = await watch(url);
    await eventually('it has begun', () => bytes() > 0);
    const before = bytes();
    await eventually('it lives', () => bytes() > before + 20);
  });

  it('of someone who does not read is ended before it takes much memory', async () => {
    const url = await serve({ unreadBytes: 100_000, heartbeatMs: 3_600_000 });
    const slow = await watch(url);
    await eventually('it has begun', () => slow.events.length === 1);
    slow.socket.pause();
    const ended = once(slow.socket, 'close');
    const metadata = Object.fromEntries(Array.from({ length: 60 }, (_, key) => [key, 'x'.repeat(1_000)]));
    for (let id = 1; id <= 40; id++) {
      const at = `${url}/v1/services/orders/instances/${id}`;
      expect((await call(at, { method: 'PUT', body: { ...body, metadata } })).status).toBe(200);
      await eventually('it is told', async () => (await call(`${url}/v1/instances?service=x`)).json.revision === id);
    }
    slow.socket.resume();
    await ended;
    expect(slow.bytes()).toBeLessThan(20_000_000); // of 49 MB: what fits into the system's buffers
  });
});
