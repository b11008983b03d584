import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  deadInstance,
  eventually,
  IN_TURN,
  settled,
  startHandler,
  startInstance,
  startStage,
  startWireInstance,
} from './stage.ts';
import { ask, connect, valuesOf, type Wire } from './wire.ts';

const MB = 1024 * 1024;
const SIZE = 64 * MB;
/** What the system itself holds between two sockets, twice, and some. */
const IN_FLIGHT = 40 * MB;
const PART = Buffer.alloc(MB, 'x');

/** Sends so many bytes as fast as the other side takes them; tells how many are on their way. */
function pump(wire: Wire, bytes: number): { sent: number } {
  const state = { sent: 0 };
  const next = (): void => {
    while (state.sent < bytes) {
      state.sent += PART.length;
      if (!wire.socket.write(PART)) return void wire.socket.once('drain', next);
    }
  };
  next();
  return state;
}

const POST = 'POST / HTTP/1.1\r\nHost: shop\r\n';

describe('back-pressure', () => {
  it('stops a large upload while the instance does not read, and then lets all of it through', async () => {
    let got = 0;
    let resume = (): void => {};
    const { instance } = await startHandler((request, response) => {
      resume = () => {
        request.on('data', (chunk: Buffer) => {
          got += chunk.length;
        });
        request.on('end', () => response.end(String(got)));
      };
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(`${POST}content-length: ${SIZE}\r\n\r\n`);
    const upload = pump(wire, SIZE);
    expect(await settled(() => upload.sent)).toBeLessThan(IN_FLIGHT);
    resume();
    expect((await wire.answer()).body.toString()).toBe(String(SIZE));
  });

  it('stops a large download while the client does not read, and then lets all of it through', async () => {
    let written = 0;
    const { instance } = await startHandler((_, response) => {
      response.writeHead(200, { 'content-length': SIZE });
      const next = (): void => {
        while (written < SIZE) {
          written += PART.length;
          if (!response.write(PART)) return void response.once('drain', next);
        }
        response.end();
      };
      next();
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.socket.removeAllListeners('data').pause();
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    await eventually(() => written > 0);
    expect(await settled(() => written)).toBeLessThan(IN_FLIGHT);
    let got = 0;
    wire.socket.on('data', (chunk) => {
      got += chunk.length;
    });
    wire.socket.resume();
    await eventually(() => got > SIZE);
    expect(written).toBe(SIZE);
  });
});

describe('a request body', () => {
  it.each([
    ['its length', `${POST}content-length: 5\r\n\r\nhello`, 'content-length', '5'],
    [
      'chunks',
      `${POST}Transfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\n\r\n`,
      'transfer-encoding',
      'chunked',
    ],
    [
      'chunks, in a GET',
      'GET / HTTP/1.1\r\nHost: shop\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      'transfer-encoding',
      'chunked',
    ],
    [
      'its length, in a DELETE',
      'DELETE / HTTP/1.1\r\nHost: shop\r\ncontent-length: 5\r\n\r\nhello',
      'content-length',
      '5',
    ],
  ])('arrives with %s', async (_, request, header, value) => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    expect((await ask(port, request)).status).toBe(200);
    expect(received[0]?.body).toBe('hello');
    expect(valuesOf(received[0]?.lines ?? [], header)).toEqual([value]);
  });

  it.each([
    ['content-length: 0', `${POST}content-length: 0\r\n\r\n`],
    ['content-length: 00', `${POST}content-length: 00\r\n\r\n`],
    ['no chunk', `${POST}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['neither length nor chunks', `${POST}\r\n`],
  ])('may be empty (%s), and the connection goes on', async (_, request) => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    for (let count = 0; count < 3; count++) expect((await wire.send(request).answer()).status).toBe(200);
    expect(received.map(({ method, body }) => [method, body])).toEqual(Array(3).fill(['POST', '']));
  });

  it('keeps its trailers, but for those that only a head may have', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    const trailers = ['x-end: 1', 'baggage: graylane=gray', 'x-graylane: gray', 'X-Forwarded-For: 1.2.3.4', 'host: a'];
    wire.send(`${POST}transfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n5\r\nhello\r\n0\r\n`);
    wire.send(`${trailers.join('\r\n')}\r\n\r\n`);
    expect((await wire.answer()).status).toBe(200);
    expect(received[0]).toMatchObject({ body: 'hello', trailers: ['x-end', '1'] });
    expect(valuesOf(received[0]?.lines ?? [], 'trailer')).toEqual(['x-end']);
    expect((await wire.send(`${POST}\r\n`).answer()).status).toBe(200);
  });

  it('is streamed: the instance answers the first part before the second is sent', async () => {
    const { instance } = await startHandler((request, response) => {
      response.writeHead(200);
      request.on('data', (chunk: Buffer) => response.write(`got ${chunk}`));
      request.on('end', () => response.end());
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(`${POST}content-length: 6\r\n\r\none`);
    await eventually(() => wire.text.includes('got one'));
    wire.send('two');
    expect((await wire.answer()).body.toString()).toBe('got onegot two');
  });

  it.each(['content-length: 200000', 'transfer-encoding: chunked'])(
    'is not lost when the first two instances refuse the connection (%s, small and streamed)',
    async (framing) => {
      const alive = await startInstance();
      const instances = [await deadInstance(), await deadInstance(), alive.instance];
      const { port, record } = await startStage(instances, { picks: IN_TURN });
      const wire = await connect(port);
      const [first, second] = ['a'.repeat(100_000), 'b'.repeat(100_000)];
      const part = (text: string): string =>
        framing.startsWith('content') ? text : `${text.length.toString(16)}\r\n${text}\r\n`;
      wire.send(`${POST}${framing}\r\n\r\n${part(first)}`);
      await sleep(20);
      wire.send(`${part(second)}${framing.startsWith('content') ? '' : '0\r\n\r\n'}`);
      expect((await wire.answer()).status).toBe(200);
      expect(alive.received.map(({ body }) => body === first + second)).toEqual([true]);
      expect(await record()).toMatchObject({ status: 200, pick: { instance: alive.instance } });
      wire.send(`${POST}content-length: 2\r\n\r\nhi`);
      expect((await wire.answer()).status).toBe(200);
      expect(alive.received[1]?.body).toBe('hi');
    },
  );
});

describe('an answer’s body', () => {
  it.each([
    ['its length', { 'content-length': '5' }, 'content-length', '5'],
    ['chunks', {}, 'transfer-encoding', 'chunked'],
  ])('arrives with %s', async (_, headers, header, value) => {
    const { instance } = await startInstance('stable', (_request, response) => {
      response.writeHead(200, headers);
      response.write('he');
      response.end('llo');
    });
    const { port } = await startStage([instance]);
    const answer = await ask(port, {});
    expect(answer.body.toString()).toBe('hello');
    expect(valuesOf(answer.lines, header)).toEqual([value]);
  });

  it('goes without chunks to an HTTP/1.0 client', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.write('he');
      response.end('llo');
    });
    const { port } = await startStage([instance]);
    const answer = await ask(port, 'GET / HTTP/1.0\r\nHost: shop\r\n\r\n');
    expect(answer.body.toString()).toBe('hello');
    expect(valuesOf(answer.lines, 'transfer-encoding')).toEqual([]);
  });

  it('may end with the instance’s connection', async () => {
    const { instance } = await startWireInstance((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    });
    const { port } = await startStage([instance]);
    expect((await ask(port, {})).body.toString()).toBe('hello');
  });

  it('is none for HEAD, 204 and 304, whose headers arrive, and the connection goes on', async () => {
    const { instance } = await startInstance('stable', (request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, status === 204 ? {} : { 'content-length': '5', etag: '"e"' });
      response.end(status === 200 ? 'hello' : undefined);
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    for (let count = 0; count < 2; count++) {
      const head = await wire.send('HEAD /200 HTTP/1.1\r\nHost: shop\r\n\r\n').answer(true);
      expect([head.status, ...valuesOf(head.lines, 'content-length')]).toEqual([200, '5']);
      const unchanged = await wire.send('GET /304 HTTP/1.1\r\nHost: shop\r\n\r\n').answer();
      expect([unchanged.status, ...valuesOf(unchanged.lines, 'etag')]).toEqual([304, '"e"']);
      expect((await wire.send('GET /204 HTTP/1.1\r\nHost: shop\r\n\r\n').answer()).status).toBe(204);
      expect((await wire.send('GET /200 HTTP/1.1\r\nHost: shop\r\n\r\n').answer()).body.toString()).toBe('hello');
    }
  });

  it('may be empty', async () => {
    const { instance } = await startInstance('stable', (_, response) => response.end());
    const { port } = await startStage([instance]);
    const answer = await ask(port, {});
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });

  it('keeps its trailers, but for those that only a head may have', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(200, { trailer: 'x-end' });
      response.write('hello');
      response.addTrailers({ 'x-end': '1', 'set-cookie': 'a=1', 'content-type': 'text/html' });
      response.end();
    });
    const { port } = await startStage([instance]);
    const asked = httpRequest({ port, agent: false, headers: { host: 'shop' } }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body = (await answer.setEncoding('utf8').toArray()).join('');
    expect({ body, trailer: answer.headers.trailer, trailers: answer.rawTrailers }).toEqual({
      body: 'hello',
      trailer: 'x-end',
      trailers: ['x-end', '1'],
    });
  });

  it('loses its trailers on the way to an HTTP/1.0 client, and nothing else', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(200, { trailer: 'x-end' });
      response.write('hello');
      response.addTrailers({ 'x-end': '1' });
      response.end();
    });
    const { port } = await startStage([instance]);
    const answer = await ask(port, 'GET / HTTP/1.0\r\nHost: shop\r\n\r\n');
    expect([answer.status, answer.body.toString()]).toEqual([200, 'hello']);
    expect(valuesOf(answer.lines, 'trailer')).toEqual([]);
  });

  it('comes after early hints and other interim answers, which go on', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeProcessing();
      response.writeEarlyHints({ link: '</more.css>; rel=preload' });
      response.end('hello');
    });
    const { port } = await startStage([instance]);
    const answer = await ask(port, {});
    expect(answer).toMatchObject({ status: 200, interim: [103, 102, 103] });
    expect(answer.body.toString()).toBe('hello');
    expect((await ask(port, 'GET / HTTP/1.0\r\nHost: shop\r\n\r\n')).interim).toEqual([]);
  });

  it('may come before the request was read, and the connection goes on after what the client still sends', async () => {
    let answer = (): void => {};
    const { instance } = await startHandler((request, response) => {
      answer = () => response.writeHead(request.method === 'POST' ? 403 : 200, { 'content-length': 2 }).end('no');
      if (request.method === 'GET') answer();
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(`${POST}content-length: ${SIZE}\r\n\r\n`);
    const upload = pump(wire, SIZE);
    expect(await settled(() => upload.sent)).toBeLessThan(SIZE);
    answer();
    expect((await wire.answer()).status).toBe(403);
    await eventually(() => upload.sent === SIZE);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    expect((await wire.answer()).status).toBe(200);
    expect(await record(2)).toMatchObject({ status: 200, pick: { load: { inFlight: 0 } } });
  });

  it('may be our own, and the connection goes on after what the client still sends', async () => {
    const { port, registry } = await startStage([await deadInstance()]);
    const { instance } = await startInstance();
    const wire = await connect(port);
    wire.send(`${POST}content-length: ${SIZE}\r\n\r\n`);
    const upload = pump(wire, SIZE);
    expect((await wire.answer()).status).toBe(502);
    await eventually(() => upload.sent === SIZE);
    registry.set([instance]);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    expect((await wire.answer()).status).toBe(200);
  });
});

describe('a body over the limit', () => {
  const limits = { bodyBytes: 1000 };
  const chunks = (count: number): string => `64\r\n${'x'.repeat(100)}\r\n`.repeat(count);

  it('is taken at the limit', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { limits });
    const text = 'x'.repeat(1000);
    expect((await ask(port, { method: 'POST', body: text })).status).toBe(200);
    const chunked = `${POST}transfer-encoding: chunked\r\n\r\n${chunks(10)}0\r\n\r\n`;
    expect((await ask(port, chunked)).status).toBe(200);
    expect(received.map(({ body }) => body)).toEqual([text, text]);
  });

  it.each(['1001', '99999999999', '9007199254740993'])(
    'is refused by its length %s before an instance hears of it, and the connection ends',
    async (length) => {
      const { instance, received } = await startInstance();
      const { port, record } = await startStage([instance], { limits });
      const wire = await connect(port);
      const answer = await wire.send(`${POST}content-length: ${length}\r\n\r\n`).answer();
      expect(answer.status).toBe(413);
      expect(valuesOf(answer.lines, 'connection')).toEqual(['close']);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'GL_BODY_TOO_LARGE' } });
      await eventually(() => wire.closed);
      expect(received).toEqual([]);
      expect(await record()).toMatchObject({ error: 'GL_BODY_TOO_LARGE', pick: { load: { inFlight: 0 } } });
    },
  );

  it('is refused in chunks as soon as it is too large, and the instance sees its request aborted', async () => {
    let [begun, aborted] = [0, 0];
    const { instance } = await startHandler((request) => {
      begun++;
      request.on('error', () => aborted++).resume();
    });
    const { port, record } = await startStage([instance], { limits });
    const wire = await connect(port);
    wire.send(`${POST}transfer-encoding: chunked\r\n\r\n${chunks(10)}`);
    await eventually(() => begun === 1);
    for (let count = 0; count < 20; count++) {
      wire.send(chunks(1)); // in many parts: each of them is too much
      await sleep(1);
    }
    const answer = await wire.answer();
    expect(answer.status).toBe(413);
    expect(valuesOf(answer.lines, 'connection')).toEqual(['close']);
    await eventually(() => wire.closed && aborted === 1);
    expect(await record()).toMatchObject({ error: 'GL_BODY_TOO_LARGE', pick: { load: { inFlight: 0 } } });
  });

  it.each(['content-length: 67108864', 'transfer-encoding: chunked'])(
    'is refused so that a client which sends all before it reads gets to know why (%s)',
    async (framing) => {
      const { instance } = await startHandler((request) => void request.on('error', () => {}).resume());
      const { port } = await startStage([instance], { limits });
      const wire = await connect(port);
      wire.socket.pause();
      const all = pump(wire.send(`${POST}${framing}\r\n\r\n${framing.startsWith('c') ? '' : '4000000\r\n'}`), SIZE);
      await eventually(() => all.sent === SIZE && wire.socket.writableLength === 0);
      wire.socket.resume();
      expect((await wire.answer()).status).toBe(413);
      await eventually(() => wire.closed);
    },
  );

  it('breaks the connection when the answer is given and the client sends without end', async () => {
    const { instance } = await startHandler((_, response) => {
      response.writeHead(403, { 'content-length': 2 });
      response.end('no');
    });
    const { port } = await startStage([instance], { limits });
    const wire = await connect(port);
    wire.send(`${POST}transfer-encoding: chunked\r\n\r\n${chunks(1)}`);
    expect((await wire.answer()).status).toBe(403);
    wire.send(chunks(20));
    await eventually(() => wire.closed);
  });

  it('breaks an answer off that has begun', async () => {
    const { instance } = await startHandler((request, response) => {
      request.on('error', () => {}).resume();
      response.write('begun');
    });
    const { port, record } = await startStage([instance], { limits });
    const wire = await connect(port);
    wire.send(`${POST}transfer-encoding: chunked\r\n\r\n${chunks(1)}`);
    await eventually(() => wire.text.includes('begun'));
    wire.send(chunks(20));
    await expect(wire.answer()).rejects.toThrow('the connection closed');
    expect(await record()).toMatchObject({ status: 200, error: 'GL_BODY_TOO_LARGE', pick: { load: { inFlight: 0 } } });
  });
});

describe('Expect: 100-continue', () => {
  const expecting = `${POST}content-length: 5\r\nexpect: 100-continue\r\n\r\n`;

  it('is granted as soon as an instance reads, and only once', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([await deadInstance(), instance], { picks: IN_TURN });
    const wire = await connect(port);
    wire.send(expecting);
    await eventually(() => wire.text.includes('100 Continue'));
    wire.send('hello');
    expect(await wire.answer()).toMatchObject({ status: 200, interim: [100] });
    expect(received[0]?.body).toBe('hello');
    expect(valuesOf(received[0]?.lines ?? [], 'expect')).toEqual([]);
    wire.send(expecting);
    await eventually(() => wire.text.includes('100 Continue'));
    expect(await wire.send('hello').answer()).toMatchObject({ status: 200, interim: [100] });
  });

  it.each([
    [404, 'GET /x', {}],
    [413, 'POST /', { limits: { bodyBytes: 4 } }],
    [502, 'POST /', {}],
  ])('is not granted where the answer is %i anyhow, and the connection ends', async (status, line, options) => {
    const { port } = await startStage([await deadInstance()], {
      routes: [{ path: '/y', service: 'shop' }],
      ...options,
    });
    const target = status === 404 ? line : line.replace('/', '/y');
    const wire = await connect(port);
    const answer = await wire.send(expecting.replace('POST /', target)).answer();
    expect(answer).toMatchObject({ status, interim: [] });
    expect(valuesOf(answer.lines, 'connection')).toEqual(['close']);
    await eventually(() => wire.closed);
  });

  it('is the only expectation', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    expect((await ask(port, expecting.replace('100-continue', 'miracles'))).status).toBe(417);
    expect(received).toEqual([]);
  });

  it('does not reach an HTTP/1.0 client', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const answer = await ask(port, `${expecting.replace('1.1', '1.0')}hello`);
    expect(answer).toMatchObject({ status: 200, interim: [] });
    expect(received[0]?.body).toBe('hello');
  });
});
