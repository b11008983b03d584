import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { httpUpstream } from '../src/upstream/http-upstream.ts';
import type { Upstream } from '../src/upstream.ts';
import {
  atEnd,
  deadInstance,
  eventually,
  IN_TURN,
  POLICY,
  startHandler,
  startInstance,
  startStage,
  startWireInstance,
} from './stage.ts';
import { ask, connect, valuesOf } from './wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** An instance that does by hand what it is told with each request of a connection, numbered over all connections. */
async function startScript(answer: (socket: Socket, count: number) => void, lane?: string) {
  const script = { requests: 0, connections: 0, closed: 0 };
  const started = await startWireInstance((socket) => {
    script.connections++;
    socket.on('data', () => answer(socket, ++script.requests));
    socket.on('close', () => script.closed++);
  }, lane);
  return { ...started, script };
}

describe('a client that goes away', () => {
  it('before the answer, aborts the request at the instance', async () => {
    const { instance, script } = await startScript(() => {});
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(GET);
    await eventually(() => script.requests === 1);
    wire.socket.destroy();
    await eventually(() => script.closed === 1);
    const exchange = await record();
    expect(exchange).toMatchObject({ status: 499, error: undefined, pick: { load: { inFlight: 0 } } });
  });

  it('in the middle of its upload, aborts the request at the instance', async () => {
    let aborted = false;
    let got = 0;
    const { instance } = await startHandler((request) => {
      request.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      request.on('error', () => {
        aborted = true;
      });
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send('POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 10\r\n\r\nhello');
    await eventually(() => got === 5);
    wire.socket.resetAndDestroy();
    await eventually(() => aborted);
    expect(await record()).toMatchObject({ status: 499, pick: { load: { inFlight: 0 } } });
  });

  it('in the middle of the answer, aborts the answer at the instance', async () => {
    let closed = false;
    const { instance } = await startHandler((_, response) => {
      response.on('close', () => {
        closed = true;
      });
      response.write('begun');
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(GET);
    await eventually(() => wire.text.includes('begun'));
    wire.socket.destroy();
    await eventually(() => closed);
    expect(await record()).toMatchObject({ status: 200, error: undefined, pick: { load: { inFlight: 0 } } });
  });

  it('while it is slow to read a large answer, aborts that too', async () => {
    let closed = false;
    const { instance } = await startHandler((_, response) => {
      response.on('close', () => {
        closed = true;
      });
      response.end(Buffer.alloc(64 * 1024 * 1024));
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.socket.removeAllListeners('data').pause();
    wire.send(GET);
    await once(wire.socket, 'readable');
    wire.socket.destroy();
    await eventually(() => closed);
    expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
  });

  it('is counted as under way until then', async () => {
    const { instance, script } = await startScript(() => {});
    const { port, record } = await startStage([instance]);
    const wires = [await connect(port), await connect(port)];
    for (const wire of wires) wire.send(GET);
    await eventually(() => script.requests === 2);
    wires[0]?.socket.destroy();
    expect(await record(1)).toMatchObject({ pick: { load: { inFlight: 1 } } });
    wires[1]?.socket.destroy();
    expect(await record(2)).toMatchObject({ pick: { load: { inFlight: 0 } } });
  });
});

describe('an instance that dies', () => {
  it.each([
    ['with its length known', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\nhello'],
    ['between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('in the middle of its answer, %s, breaks the client’s connection', async (_, begun) => {
    let break_ = (): void => {};
    const { instance } = await startScript((socket) => {
      socket.write(begun);
      break_ = () => socket.end();
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(GET);
    await eventually(() => wire.text.includes('hello'));
    break_();
    await eventually(() => wire.closed);
    await expect(wire.answer()).rejects.toThrow(/the connection closed/);
    const exchange = await record();
    expect(exchange).toMatchObject({ status: 200, error: 'GL_UPSTREAM_FAILED', pick: { load: { inFlight: 0 } } });
    expect(exchange.detail).toContain(`127.0.0.1:${instance.port}`);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes the connection', (socket) => socket.end()],
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['sends half a head', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-')],
    ['sends no HTTP', (socket) => socket.write('hello\r\n\r\n')],
    ['sends a status that is none', (socket) => socket.write('HTTP/1.1 099 No\r\n\r\n')],
    [
      'sends two lengths',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    ],
    [
      'switches protocols unasked',
      (socket) => socket.write('HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ],
    [
      'sends a megabyte of headers',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1024 * 1024)}\r\n\r\n`),
    ],
  ])('before any byte of its answer, for it %s, is answered for with 502', async (_, answer) => {
    const { instance, script } = await startScript((socket) => answer(socket));
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    const { status, body } = await wire.send(GET).answer();
    expect(status).toBe(502);
    expect(JSON.parse(body.toString())).toMatchObject({
      error: { code: 'GL_UPSTREAM_FAILED', message: 'shop broke off' },
    });
    expect(body.toString()).not.toContain(String(instance.port)); // what runs where is nobody's business outside
    expect(script.requests).toBe(1); // it may have acted on it
    const exchange = await record();
    expect(exchange).toMatchObject({ status: 502, error: 'GL_UPSTREAM_FAILED', pick: { load: { inFlight: 0 } } });
    expect(exchange.detail).toContain(`127.0.0.1:${instance.port}: `);
    expect((await wire.send(GET).answer()).status).toBe(502); // the client's connection goes on
  });

  it('in the middle of an upload, is answered for, and the client’s connection goes on', async () => {
    const { instance, script } = await startScript((socket, count) => {
      if (count === 1) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send('POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 2000000\r\n\r\nhello');
    expect((await wire.answer()).status).toBe(502);
    wire.send('x'.repeat(1_999_995));
    expect((await wire.send(GET).answer()).status).toBe(200);
    expect(script.requests).toBe(2);
  });
});

describe('a request that was not answered', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])(
    'goes to another instance, being %s without a body',
    async (method) => {
      const rude = await startScript((socket) => socket.resetAndDestroy());
      const good = await startInstance();
      const { port, record } = await startStage([rude.instance, good.instance], { picks: IN_TURN });
      const wire = await connect(port);
      wire.send(`${method} / HTTP/1.1\r\nHost: shop\r\n\r\n`);
      expect((await wire.answer(method === 'HEAD')).status).toBe(200);
      expect([rude.script.requests, good.received.length]).toEqual([1, 1]);
      expect(await record()).toMatchObject({ status: 200, error: undefined, pick: { instance: good.instance } });
    },
  );

  it('goes to a stable instance when its lane has no other, and nowhere else when the lane is strict', async () => {
    const rude = await startScript((socket) => socket.resetAndDestroy(), 'gray');
    const good = await startInstance();
    const { port, policy, record } = await startStage([rude.instance, good.instance]);
    const tester = { headers: ['x-tester: 1'] };
    expect((await ask(port, tester)).status).toBe(200);
    expect(await record()).toMatchObject({ pick: { kind: 'fallback', because: 'ejected', instance: good.instance } });
    policy.set({ ...POLICY, lanes: { gray: { strict: true } } });
    expect((await ask(port, tester)).status).toBe(502);
    expect([rude.script.requests, good.received.length]).toEqual([2, 1]);
  });

  it('goes to another instance when the first takes too long', async () => {
    const slow = await startScript(() => {});
    const good = await startInstance();
    const options = { picks: IN_TURN, timeouts: { answerMs: 50 } };
    const { port } = await startStage([slow.instance, good.instance], options);
    expect((await ask(port, {})).status).toBe(200);
    await eventually(() => slow.script.closed === 1);
  });

  it.each([
    ['POST', 'POST / HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['PATCH', 'PATCH / HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['PUT with a body', 'PUT / HTTP/1.1\r\nHost: shop\r\ncontent-length: 2\r\n\r\nhi'],
  ])('goes nowhere else, being %s', async (_, request) => {
    const rude = await startScript((socket) => socket.resetAndDestroy());
    const good = await startInstance();
    const { port } = await startStage([rude.instance, good.instance], { picks: IN_TURN });
    expect((await ask(port, request)).status).toBe(502);
    expect(good.received).toEqual([]);
  });

  it('goes nowhere else when a byte of an answer came', async () => {
    const rude = await startScript((socket) => socket.end('HTTP/1.1 2'));
    const good = await startInstance();
    const { port } = await startStage([rude.instance, good.instance], { picks: IN_TURN });
    expect((await ask(port, {})).status).toBe(502);
    expect(good.received).toEqual([]);
  });

  it('goes nowhere else once too many did', async () => {
    const rude = await Promise.all([0, 1].map(() => startScript((socket) => socket.resetAndDestroy())));
    const { port } = await startStage(
      rude.map(({ instance }) => instance),
      { picks: IN_TURN },
    );
    const count = 300;
    await Promise.all(Array.from({ length: count }, () => ask(port, {})));
    const [one, other] = rude.map(({ script }) => script.requests) as [number, number];
    expect(one + other).toBeGreaterThan(count);
    expect(one + other).toBeLessThan(1.6 * count);
  });
});

describe('an instance that is too slow', () => {
  it('to answer, is answered for with 504', async () => {
    const { instance, script } = await startScript(() => {});
    const { port, record } = await startStage([instance], { timeouts: { answerMs: 50 } });
    const { status, body } = await ask(port, {});
    expect(status).toBe(504);
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'GL_UPSTREAM_TIMEOUT' } });
    expect(script.requests).toBe(1);
    await eventually(() => script.closed === 1);
    expect(await record()).toMatchObject({ error: 'GL_UPSTREAM_TIMEOUT', pick: { load: { inFlight: 0 } } });
  });

  it('to go on with its answer, breaks the client’s connection', async () => {
    const { instance } = await startScript((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello'),
    );
    const { port, record } = await startStage([instance], { timeouts: { idleMs: 50 } });
    const wire = await connect(port);
    await expect(wire.send(GET).answer()).rejects.toThrow('the connection closed');
    expect(await record()).toMatchObject({ status: 200, error: 'GL_UPSTREAM_TIMEOUT' });
  });

  it('three times in a row, is left out', async () => {
    const slow = await startScript(() => {});
    const good = await startInstance();
    const options = { picks: IN_TURN, timeouts: { answerMs: 50 } };
    const { port } = await startStage([slow.instance, good.instance], options);
    const statuses: number[] = [];
    for (let count = 0; count < 12; count++) statuses.push((await ask(port, { method: 'POST', body: 'pay' })).status);
    expect(statuses).toEqual([504, 200, 504, 200, 504, 200, 200, 200, 200, 200, 200, 200]);
  });

  it('is not blamed for a client that is slow to send or to read', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.end(Buffer.alloc(32 * 1024 * 1024));
    });
    const { port, record } = await startStage([instance], { timeouts: { answerMs: 50, idleMs: 50 } });
    const wire = await connect(port);
    wire.send('POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 10\r\n\r\nhello');
    await sleep(300);
    wire.socket.pause();
    wire.send('hello');
    await sleep(300);
    wire.socket.resume();
    expect((await wire.answer()).body.length).toBe(32 * 1024 * 1024);
    expect(await record()).toMatchObject({ status: 200, error: undefined });
  });
});

describe('an instance that refuses the connection', () => {
  it('is followed by the next, and left out from then on', async () => {
    const dead = await deadInstance();
    const alive = await startInstance();
    const options = { picks: { ...IN_TURN, ejection: { baseMs: 600_000 } } };
    const { port, records } = await startStage([dead, alive.instance], options);
    expect((await ask(port, {})).status).toBe(200);

    const back = createServer((_, response) => response.end('back'));
    back.listen(dead.port, '127.0.0.1');
    await once(back, 'listening');
    atEnd(() => back.close());
    for (let count = 0; count < 10; count++) expect((await ask(port, {})).body.toString()).toBe('served by stable');
    expect(records.map(({ pick }) => pick)).toEqual(
      Array(11).fill(expect.objectContaining({ kind: 'hit', instance: alive.instance })),
    );
  });

  it('is answered for with 502 after three attempts', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => deadInstance()));
    let attempts = 0;
    const inner = httpUpstream();
    const upstream: Upstream = {
      ...inner,
      send: (...call) => {
        attempts++;
        return inner.send(...call);
      },
    };
    const { port, record } = await startStage(all, { upstream });
    const { status, body } = await ask(port, { method: 'POST', body: 'hello' });
    expect(status).toBe(502);
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'GL_UPSTREAM_CONNECT' } });
    expect(attempts).toBe(3);
    const exchange = await record();
    expect(exchange).toMatchObject({ error: 'GL_UPSTREAM_CONNECT', pick: { load: { inFlight: 0 } } });
    expect(exchange.detail).toContain('ECONNREFUSED');
  });

  it.each([0, 30])('does not keep requests from the one that still lives, be it busy with %i', async (busy) => {
    const { instance, script } = await startScript((socket, count) => {
      if (count > busy) socket.write(OK);
    });
    const { port } = await startStage([await deadInstance(), instance, await deadInstance()]);
    for (let count = 0; count < busy; count++) (await connect(port)).send(GET);
    await eventually(() => script.requests === busy);
    const wire = await connect(port);
    for (let count = 0; count < 60; count++) expect((await wire.send(GET).answer()).status).toBe(200);
  });

  it('is an instance whose address is none, too', async () => {
    const alive = await startInstance();
    const broken = ['not a host', 'a/b', 'a:b:c:d:e:f:g:h:i', '1.2.3.4.5', 'user@host', ''].map((host, index) => ({
      ...alive.instance,
      id: `broken-${index}`,
      host,
    }));
    for (const instance of broken) {
      const { port, record } = await startStage([instance, alive.instance], { picks: IN_TURN });
      expect((await ask(port, { method: 'POST', body: 'hello' })).status).toBe(200);
      expect(await record()).toMatchObject({ pick: { instance: alive.instance } });
    }
    const { port } = await startStage([broken[0] as typeof alive.instance]);
    expect((await ask(port, {})).status).toBe(502);
  });

  it('leads from a lane to stable', async () => {
    const stable = await startInstance();
    const { port, record } = await startStage([await deadInstance('gray'), stable.instance]);
    expect((await ask(port, { headers: ['x-tester: 1'] })).status).toBe(200);
    expect(valuesOf(stable.received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray']);
    expect(await record()).toMatchObject({ pick: { kind: 'fallback', because: 'ejected', lane: 'stable' } });
  });

  it('never leads from stable to a lane', async () => {
    const gray = await startInstance('gray');
    const { port } = await startStage([await deadInstance(), gray.instance]);
    for (let count = 0; count < 5; count++) expect((await ask(port, {})).status).toBe(502);
    expect(gray.received).toEqual([]);
  });
});

describe('a kept-alive connection', () => {
  it('is used again', async () => {
    const { instance, script } = await startScript((socket) => socket.write(OK));
    const { port } = await startStage([instance]);
    for (let count = 0; count < 5; count++) expect((await ask(port, {})).status).toBe(200);
    expect(script).toMatchObject({ requests: 5, connections: 1 });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])('that the instance %s between requests is followed by a new one', async (_, end) => {
    let last: Socket | undefined;
    const { instance, script } = await startScript((socket) => {
      last = socket;
      socket.write(OK);
    });
    const { port } = await startStage([instance]);
    for (let count = 1; count <= 5; count++) {
      expect((await ask(port, { method: 'POST', body: 'hello' })).status).toBe(200);
      end(last as Socket);
      await eventually(() => script.closed === count);
    }
    expect(script).toMatchObject({ requests: 5, connections: 5 });
  });

  it('that breaks under a fresh POST has it answered with 502, and nobody gets it twice', async () => {
    const instances = await Promise.all(
      [0, 1].map(() =>
        startScript((socket, count) => {
          if (count === 1) socket.write(OK);
          else socket.resetAndDestroy();
        }),
      ),
    );
    const { port, record } = await startStage(
      instances.map(({ instance }) => instance),
      { picks: IN_TURN },
    );
    for (const _ of instances) expect((await ask(port, {})).status).toBe(200);
    const answer = await ask(port, { method: 'POST', body: 'pay' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'GL_UPSTREAM_FAILED' } });
    expect(instances.map(({ script }) => script.requests)).toEqual([2, 1]);
    expect(await record(3)).toMatchObject({ error: 'GL_UPSTREAM_FAILED', pick: { load: { inFlight: 0 } } });
  });

  it('never carries a request to an instance of another lane', async () => {
    const [stable, gray] = [await startInstance('stable'), await startInstance('gray')];
    const { port } = await startStage([stable.instance, gray.instance]);
    const wire = await connect(port);
    for (let count = 0; count < 20; count++) {
      const lane = count % 2 === 0 ? 'stable' : 'gray';
      wire.send(`GET / HTTP/1.1\r\nHost: shop\r\nx-tester: ${count % 2}\r\n\r\n`);
      expect((await wire.answer()).body.toString()).toBe(`served by ${lane}`);
    }
  });
});

it('an answer’s head does not wait for its body, as server-sent events need it', async () => {
  const events: ((text: string) => void)[] = [];
  const { instance } = await startHandler((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    events.push((text) => response.end(text));
  });
  const { port } = await startStage([instance]);
  const wire = await connect(port);
  wire.send(GET);
  await eventually(() => wire.text.includes('text/event-stream'));
  expect(wire.text).toMatch(/\r\n\r\n$/);
  events[0]?.('data: 1\n\n');
  await eventually(() => wire.text.includes('data: 1'));
  wire.socket.destroy();
});
