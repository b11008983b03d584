import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { type HttpUpstreamOptions, httpUpstream } from '../../src/upstream/http-upstream.ts';
import type { Upstream } from '../../src/upstream.ts';
import { atEnd, eventually, startHandler, startInstance, startWireInstance } from '../stage.ts';
import { valuesOf } from '../wire.ts';
import { bodyOf, send } from './exchanges.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

function open(options: HttpUpstreamOptions = {}): Upstream {
  const upstream = httpUpstream(options);
  atEnd(() => upstream.close());
  return upstream;
}

/** An instance of which each connection does by hand what it is told with each request, numbered over all. */
async function startScript(answer: (socket: Socket, count: number) => void) {
  const script = { connections: 0, requests: 0, closed: 0, text: '' };
  const started = await startWireInstance((socket) => {
    script.connections++;
    socket.on('data', (chunk) => {
      script.text += chunk.toString('latin1');
      answer(socket, ++script.requests);
    });
    socket.on('close', () => script.closed++);
  });
  return { ...started, script };
}

describe('connections', () => {
  it('are used again, the last one first', async () => {
    const sockets: Socket[] = [];
    const { instance, script } = await startScript((socket) => {
      sockets.push(socket);
      if (script.requests !== 1) socket.write(OK);
    });
    const upstream = open();
    const first = send(upstream, instance);
    await eventually(() => script.requests === 1);
    await send(upstream, instance).over;
    sockets[0]?.write(OK);
    await first.over;
    await send(upstream, instance).over;
    expect(sockets[2]).toBe(sockets[0]);
    expect(script.connections).toBe(2);
  });

  it.each([
    ['says Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok'],
    ['says nothing, in HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok'],
    ['sends more than its answer', `${OK}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
    ['sends a second answer', `${OK}${OK}`],
    ['sends a line end more', `${OK}\r\n`],
  ])('are used once when the instance %s', async (_, answer) => {
    const { instance, script } = await startScript((socket) => socket.write(answer));
    const upstream = open();
    for (let count = 1; count <= 3; count++) {
      expect(await send(upstream, instance).over).toMatchObject({ status: 200, body: 'ok', failure: undefined });
      await eventually(() => script.closed === count);
    }
    expect(script.connections).toBe(3);
  });

  it('are used again in HTTP/1.0 when the instance says so', async () => {
    const answer = 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\ncontent-length: 2\r\n\r\nok';
    const { instance, script } = await startScript((socket) => socket.write(answer));
    const upstream = open();
    for (let count = 0; count < 3; count++) expect((await send(upstream, instance).over).body).toBe('ok');
    expect(script.connections).toBe(1);
  });

  it('end when bytes come that nobody asked for, and those are nobody’s answer', async () => {
    let last: Socket | undefined;
    const { instance, script } = await startScript((socket) => {
      last = socket;
      socket.write(OK);
    });
    const upstream = open();
    await send(upstream, instance).over;
    last?.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
    await eventually(() => script.closed === 1);
    expect((await send(upstream, instance).over).body).toBe('ok');
    expect(script.connections).toBe(2);
  });

  it('are closed before the instance would', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=5\r\ncontent-length: 2\r\n\r\nok';
    const { instance, script } = await startScript((socket) => socket.write(answer));
    await send(open(), instance).over;
    await eventually(() => script.closed === 1);
  });

  it('are as many as the limit, then requests wait, and then they are refused', async () => {
    const sockets: Socket[] = [];
    const { instance, script } = await startScript((socket) => sockets.push(socket));
    const upstream = open({ limits: { connections: 2, queue: 2 } });
    const sent = [0, 1, 2, 3].map(() => send(upstream, instance));
    expect(await send(upstream, instance).over).toMatchObject({
      failure: 'overloaded',
      message: 'too many requests wait for this instance',
    });
    await eventually(() => sockets.length === 2);
    for (let count = 0; count < 4; count++) {
      await eventually(() => sockets.length > count);
      sockets[count]?.write(OK);
    }
    for (const { over } of sent) expect((await over).status).toBe(200);
    expect(script.connections).toBe(2);
  });

  it('are not waited for longer than it may take to connect', async () => {
    const { instance } = await startScript(() => {});
    const upstream = open({ limits: { connections: 1 }, timeouts: { connectMs: 50 } });
    const first = send(upstream, instance);
    expect((await send(upstream, instance).over).failure).toBe('overloaded');
    const aborted = send(upstream, instance);
    aborted.exchange.abort();
    first.exchange.abort();
    expect(aborted.failure).toBeUndefined();
  });

  it('that break make room for those who wait', async () => {
    const { instance, script } = await startScript((socket, count) => {
      if (count === 1) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const upstream = open({ limits: { connections: 1 } });
    const sent = [send(upstream, instance, { method: 'POST' }), send(upstream, instance)];
    expect((await sent[0]?.over)?.failure).toBe('unanswered');
    expect((await sent[1]?.over)?.status).toBe(200);
    expect(script.connections).toBe(2);
  });

  it('to instances that are not listed any more are closed when they are idle, and when they become so', async () => {
    const sockets: Socket[] = [];
    const { instance, script } = await startScript((socket, count) => {
      sockets.push(socket);
      if (count !== 2) socket.write(OK);
    });
    const upstream = open();
    const [one, other] = [send(upstream, instance), send(upstream, instance)];
    await (script.requests === 1 ? one : Promise.race([one.over, other.over]));
    upstream.keep(new Set([`127.0.0.1:${instance.port}`]));
    expect(script.closed).toBe(0);
    upstream.keep(new Set());
    await eventually(() => script.closed === 1 && script.requests === 2);
    sockets[1]?.write(OK);
    await Promise.all([one.over, other.over]);
    await eventually(() => script.closed === 2);
    expect((await send(upstream, instance).over).status).toBe(200); // listed again, or picked just before
  });
});

describe('a connection that had been used and turns out to be closed', () => {
  /** Answers the first request of each connection, and closes at the second. */
  const once = async () => {
    const seen = new WeakSet<Socket>();
    return startScript((socket) => {
      if (seen.has(socket)) return socket.resetAndDestroy();
      seen.add(socket);
      socket.write(OK);
    });
  };

  it.each(['GET', 'PUT', 'DELETE'])('is followed by a fresh one for %s', async (method) => {
    const { instance, script } = await once();
    const upstream = open();
    await send(upstream, instance).over;
    expect(await send(upstream, instance, { method }).over).toMatchObject({ status: 200, failure: undefined });
    expect(script).toMatchObject({ requests: 3, connections: 2 });
  });

  it('is not followed by one for POST', async () => {
    const { instance, script } = await once();
    const upstream = open();
    await send(upstream, instance).over;
    expect((await send(upstream, instance, { method: 'POST' }).over).failure).toBe('unanswered');
    expect(script.requests).toBe(2);
  });

  it('is not followed by one when a body is on its way', async () => {
    const { instance, script } = await once();
    const upstream = open();
    await send(upstream, instance).over;
    const put = send(upstream, instance, { method: 'PUT', body: bodyOf('hello') });
    expect((await put.over).failure).toBe('unanswered');
    expect(script.connections).toBe(1);
  });

  it('is not followed by one when a byte of the answer came', async () => {
    let count = 0;
    const { instance, script } = await startScript((socket) => {
      if (count++ === 0) socket.write(OK);
      else socket.end('H');
    });
    const upstream = open();
    await send(upstream, instance).over;
    expect((await send(upstream, instance).over).failure).toBe('broken');
    expect(script.connections).toBe(1);
  });
});

describe('time limits', () => {
  it('hold for a request of its own', async () => {
    const { instance, script } = await startScript(() => {});
    expect((await send(open(), instance, { answerMs: 50 }).over).failure).toBe('timeout');
    await eventually(() => script.closed === 1);
  });

  it('are not prolonged by interim answers', async () => {
    const { instance } = await startScript((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await send(open({ timeouts: { answerMs: 100 } }), instance).over).failure).toBe('timeout');
  });

  it('do not run while nobody takes the answer', async () => {
    const size = 8 * 1024 * 1024;
    const { instance } = await startHandler((_, response) => void response.end(Buffer.alloc(size)));
    const sent = send(open({ timeouts: { idleMs: 50 } }), instance, {}, false);
    await eventually(() => sent.body.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent.failure).toBeUndefined();
    const timer = setInterval(() => sent.exchange.resume(), 1);
    expect((await sent.over).body.length).toBe(size);
    clearInterval(timer);
  });

  it('hold for an instance that does not read', async () => {
    const { instance } = await startWireInstance((socket) => socket.pause());
    const endless = new Readable({ read: () => endless.push(Buffer.alloc(65_536)) });
    const sent = send(open({ timeouts: { idleMs: 100 } }), instance, { method: 'POST', body: endless });
    expect((await sent.over).failure).toBe('timeout');
    endless.destroy();
  });
});

describe('a body', () => {
  it('leaves in one piece with the head when it is small', async () => {
    const { instance, script } = await startScript((socket) => socket.write(OK));
    const lines = ['Host', 'shop', 'Content-Length', '5'];
    expect((await send(open(), instance, { method: 'POST', lines, body: bodyOf('hello') }).over).status).toBe(200);
    expect(script).toMatchObject({ requests: 1, text: expect.stringMatching(/\r\n\r\nhello$/) });
  });

  it('has its trailers behind it', async () => {
    const { instance, received } = await startInstance();
    const trailers = (): string[] => ['X-End', '1', 'bad name', '2', 'x-bad', 'a\r\nb'];
    await send(open(), instance, { method: 'POST', body: bodyOf('he', 'llo'), trailers }).over;
    expect(received[0]).toMatchObject({ body: 'hello', trailers: ['X-End', '1'] });
    expect(valuesOf(received[0]?.lines ?? [], 'transfer-encoding')).toEqual(['chunked']);
  });

  it.each([
    ['longer', '2'],
    ['shorter', '9'],
  ])('that is %s than announced breaks the connection', async (_, length) => {
    const { instance, script } = await startScript(() => {});
    const lines = ['Host', 'shop', 'Content-Length', length];
    const sent = send(open(), instance, { method: 'POST', lines, body: bodyOf('hello') });
    expect((await sent.over).failure).toBe('broken');
    expect(script.text).not.toContain('hello!');
  });

  it('that is not sent to its end keeps its connection from being used again', async () => {
    const { instance, script } = await startScript((socket) => socket.write(OK));
    const upstream = open();
    const body = new Readable({ read() {} });
    expect((await send(upstream, instance, { method: 'POST', body }).over).status).toBe(200);
    await eventually(() => script.closed === 1);
    body.destroy();
    expect((await send(upstream, instance).over).status).toBe(200);
    expect(script.connections).toBe(2);
  });
});

it('a request without a host gets that of its instance', async () => {
  const { instance, received } = await startInstance();
  await send(open(), instance, { lines: [] }).over;
  expect(valuesOf(received[0]?.lines ?? [], 'host')).toEqual([`127.0.0.1:${instance.port}`]);
});

it('TE goes out as an option of the connection', async () => {
  const { instance, received } = await startInstance();
  await send(open(), instance, { lines: ['Host', 'shop', 'te', 'trailers'] }).over;
  expect(valuesOf(received[0]?.lines ?? [], 'connection')).toEqual(['TE']);
  expect(valuesOf(received[0]?.lines ?? [], 'te')).toEqual(['trailers']);
});

it('an upstream that is closed ends what is under way', async () => {
  const { instance, script } = await startScript(() => {});
  const upstream = open();
  const sent = send(upstream, instance);
  await eventually(() => script.requests === 1);
  await upstream.close();
  expect((await sent.over).failure).toBe('broken');
  await eventually(() => script.closed === 1);
});
