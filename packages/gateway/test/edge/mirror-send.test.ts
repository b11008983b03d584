import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Instance } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { hasBody, RequestBody } from '../../src/body.ts';
import { createMirror, MIRROR_LIMITS, type Mirror, type MirrorLimits } from '../../src/edge/mirror-send.ts';
import { httpUpstream } from '../../src/upstream/http-upstream.ts';
import type { Upstream } from '../../src/upstream.ts';
import { atEnd, deadInstance, eventually, settled, startHandler, startInstance } from '../stage.ts';
import { valuesOf } from '../wire.ts';

/** A server that reads each request as the gateway does, copies it, and answers with what it read. */
async function startOriginal(
  instance: Instance,
  limits: Partial<MirrorLimits> = {},
): Promise<{ port: number; mirror: Mirror; upstream: Upstream }> {
  const upstream = httpUpstream();
  atEnd(() => upstream.close());
  const mirror = createMirror(upstream, { ...MIRROR_LIMITS, ...limits });
  atEnd(() => mirror.close());
  const server = createServer(async (request, response) => {
    const body = hasBody(request) ? bodyOf(request) : undefined;
    mirror.copy({
      request,
      hasBody: body !== undefined,
      method: request.method ?? '',
      target: request.url ?? '',
      lines: linesFor(request),
      instance,
    });
    let length = 0;
    for await (const chunk of body ?? []) length += (chunk as Buffer).length;
    response.end(`read ${length}`);
  }).listen(0, '127.0.0.1');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, mirror, upstream };
}

function bodyOf(request: IncomingMessage): RequestBody {
  return new RequestBody(request, 1e9, { onWanted() {}, onTooLarge() {} });
}

function linesFor({ headers }: IncomingMessage): string[] {
  const length = headers['content-length'];
  return ['Host', 'shop', 'baggage', 'graylane=gray', ...(length === undefined ? [] : ['Content-Length', length])];
}

async function ask(port: number, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/cart?a=1`, init);
  return answer.text();
}

describe('a copy', () => {
  it('goes to the instance, marked and in its lane, and its answer is dropped', async () => {
    const { instance, received } = await startInstance('gray', (_, response) => response.writeHead(500).end('x'));
    const { port, mirror } = await startOriginal(instance);
    expect(await ask(port)).toBe('read 0');
    await eventually(() => mirror.counts().answered === 1);
    expect(received).toMatchObject([{ method: 'GET', target: '/cart?a=1', body: '' }]);
    expect(valuesOf(received[0]?.lines ?? [], 'x-graylane-mirror')).toEqual(['1']);
    expect(valuesOf(received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray']);
  });

  it.each<[string, () => RequestInit]>([
    ['of known length', () => ({ method: 'POST', body: 'hello' })],
    ['in chunks', () => ({ method: 'POST', body: new Blob(['hel', 'lo']).stream(), duplex: 'half' }) as RequestInit],
  ])('has the body, %s', async (_, init) => {
    const { instance, received } = await startInstance('gray');
    const { port, mirror } = await startOriginal(instance);
    expect(await ask(port, init())).toBe('read 5');
    await eventually(() => mirror.counts().answered === 1);
    expect(received[0]?.body).toBe('hello');
  });

  it.each<[string, () => RequestInit]>([
    ['of known length', () => ({ method: 'POST', body: 'x'.repeat(11) })],
    ['in chunks', () => ({ method: 'POST', body: new Blob(['x'.repeat(11)]).stream(), duplex: 'half' }) as RequestInit],
  ])('is not made when the body is too long, %s', async (_, init) => {
    const { instance, received } = await startInstance('gray');
    const { port, mirror } = await startOriginal(instance, { bodyBytes: 10 });
    expect(await ask(port, init())).toBe('read 11');
    await eventually(() => mirror.counts().bodiless === 1);
    expect(await settled(() => received.length)).toBe(0);
  });

  it('is not made of a request that breaks off', async () => {
    const { instance, received } = await startInstance('gray');
    const { port, mirror } = await startOriginal(instance);
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhello', () => socket.destroy());
    await eventually(() => mirror.counts().bodiless === 1);
    expect(await settled(() => received.length)).toBe(0);
  });

  it('that cannot be sent does nothing to the original', async () => {
    const { port, mirror } = await startOriginal(await deadInstance('gray'));
    expect(await ask(port, { method: 'POST', body: 'hello' })).toBe('read 5');
    await eventually(() => mirror.counts().failed === 1);
  });

  it('that is never answered keeps nobody waiting, and is given up', async () => {
    let aborted = 0;
    const { instance } = await startHandler((_, response) => response.once('close', () => aborted++), 'gray');
    const { port, mirror } = await startOriginal(instance, { answerMs: 50 });
    expect(await ask(port)).toBe('read 0');
    await eventually(() => mirror.counts().failed === 1 && aborted === 1);
  });

  it('is not made while as many as may be are under way', async () => {
    const { instance, server } = await startHandler(() => {}, 'gray');
    const { port, mirror } = await startOriginal(instance, { concurrent: 2 });
    for (let asked = 0; asked < 5; asked++) expect(await ask(port)).toBe('read 0');
    expect(mirror.counts()).toMatchObject({ sent: 2, busy: 3 });
    server.closeAllConnections();
    await eventually(() => mirror.counts().failed === 2);
    await ask(port);
    expect(mirror.counts()).toMatchObject({ sent: 3, busy: 3 });
  });

  it('ends with its mirror', async () => {
    let aborted = 0;
    const { instance } = await startHandler((_, response) => response.once('close', () => aborted++), 'gray');
    const { port, mirror } = await startOriginal(instance);
    await ask(port);
    await eventually(() => mirror.counts().sent === 1);
    mirror.close();
    expect(mirror.counts()).toMatchObject({ sent: 1, failed: 1 });
  });
});
