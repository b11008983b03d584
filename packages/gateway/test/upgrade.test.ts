import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { httpUpstream } from '../src/upstream/http-upstream.ts';
import { atEnd, eventually, type Received, settled, startHandler, startInstance, startStage } from './stage.ts';
import { connect, valuesOf, type Wire } from './wire.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ASK = [
  'GET /chat HTTP/1.1',
  'Host: shop',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
];
const HEAD = `${ASK.join('\r\n')}\r\n\r\n`;

/** An instance that switches, and leaves the connection to `talk`. */
async function startTalker(talk: (socket: Socket) => void, lane = 'stable') {
  const started = await startInstance(lane);
  const asked: Pick<Received, 'lines'>[] = [];
  const sockets: Socket[] = [];
  started.server.on('upgrade', (request, socket: Socket, head) => {
    asked.push({ lines: request.rawHeaders });
    sockets.push(socket);
    socket.on('error', () => {});
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
    socket.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    talk(socket);
  });
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { ...started, asked, sockets };
}

/** The head of a 101, taken from what a client got. */
async function switched(wire: Wire): Promise<string> {
  await eventually(() => wire.text.includes('\r\n\r\n') || wire.closed, 'a head');
  return wire.text.slice(0, wire.text.indexOf('\r\n\r\n') + 4);
}

describe('a WebSocket', () => {
  it('is asked for at an instance of its lane, and goes both ways', async () => {
    const stable = await startTalker((socket) => socket.end());
    const gray = await startTalker((socket) => socket.pipe(socket), 'gray');
    const { port, record, records } = await startStage([stable.instance, gray.instance]);
    const wire = await connect(port);
    wire.send(`${ASK.join('\r\n')}\r\nx-tester: 1\r\nbaggage: graylane=stable\r\n\r\n`);
    const head = await switched(wire);
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toMatch(/\r\nUpgrade: websocket\r\n/);
    expect(head).toMatch(/\r\nConnection: Upgrade\r\n/);
    expect(head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    const [{ lines } = { lines: [] }] = gray.asked;
    expect(valuesOf(lines, 'upgrade')).toEqual(['websocket']);
    expect(valuesOf(lines, 'connection')).toEqual(['Upgrade']);
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray']);
    expect(valuesOf(lines, 'sec-websocket-key')).toEqual([KEY]);
    for (const part of ['\x81\x05hello', 'GET / HTTP/1.1\r\n\r\n', '\0\xff']) wire.send(part);
    await eventually(() => wire.text.endsWith('\x81\x05helloGET / HTTP/1.1\r\n\r\n\0\xff'));
    expect(records).toEqual([]);
    wire.socket.end();
    await eventually(() => wire.closed);
    expect(await record()).toMatchObject({ status: 101, error: undefined, pick: { load: { inFlight: 0 } } });
    expect(stable.asked).toEqual([]);
  });

  it('may begin before the answer to its request', async () => {
    const { instance } = await startTalker((socket) => socket.pipe(socket));
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(`${HEAD}early`);
    await eventually(() => wire.text.endsWith('\r\n\r\nearly'));
  });

  it('may begin at the instance together with the head', async () => {
    const { instance } = await startTalker((socket) => socket.write('welcome'));
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await eventually(() => wire.text.endsWith('\r\n\r\nwelcome'));
  });

  it('goes on in one direction when the other has ended', async () => {
    let heard = '';
    const { instance } = await startTalker((socket) => {
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
      });
      socket.on('end', () => socket.end(`${heard}, bye`));
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    wire.send('hello');
    wire.socket.end();
    await eventually(() => wire.closed);
    expect(wire.text).toMatch(/hello, bye$/);
  });

  it.each(['destroy', 'resetAndDestroy'] as const)('ends at the instance when the client does %s', async (end) => {
    let closed = false;
    const { instance } = await startTalker((socket) => {
      socket.resume().on('close', () => {
        closed = true;
      });
      socket.on('end', () => socket.end());
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    wire.socket[end]();
    await eventually(() => closed);
    expect(await record()).toMatchObject({ status: 101, pick: { load: { inFlight: 0 } } });
  });

  it('ends at the client when the instance breaks', async () => {
    const { instance, sockets } = await startTalker((socket) => socket.resume());
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    sockets[0]?.resetAndDestroy();
    await eventually(() => wire.closed);
  });

  it('goes no faster than its slower side', async () => {
    const part = Buffer.alloc(1024 * 1024);
    let written = 0;
    const { instance } = await startTalker((socket) => {
      const next = (): void => {
        while (written < 64 * part.length) {
          written += part.length;
          if (!socket.write(part)) return void socket.once('drain', next);
        }
        socket.end();
      };
      next();
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    wire.socket.pause();
    const stuck = await settled(() => written);
    expect(stuck).toBeLessThan(40 * part.length);
    wire.socket.resume();
    await eventually(() => wire.received.length > 64 * part.length);
  });

  it('is not kept from closing by a gateway that closes', async () => {
    const { instance } = await startTalker((socket) => socket.resume());
    const { gateway, port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    await gateway.close({ graceMs: 50 });
    await eventually(() => wire.closed);
  });

  it('ends after a while when its instance is not listed any more', async () => {
    const { instance } = await startTalker((socket) => socket.resume());
    const upstream = httpUpstream({ drainMs: 50 });
    const { port } = await startStage([instance], { upstream });
    const wire = await connect(port);
    wire.send(HEAD);
    await switched(wire);
    upstream.keep(new Set([`127.0.0.1:${instance.port}`]));
    expect(wire.closed).toBe(false);
    upstream.keep(new Set());
    await eventually(() => wire.closed);
  });
});

describe('a request for another protocol', () => {
  it('may be answered with HTTP, and the connection ends', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(403, { 'x-why': 'because' });
      response.end('no');
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    const { status, lines, body } = await wire.send(HEAD).answer();
    expect([status, valuesOf(lines, 'x-why'), valuesOf(lines, 'connection'), body.toString()]).toEqual([
      ...[403, ['because'], ['close'], 'no'],
    ]);
    await eventually(() => wire.closed);
    expect(await record()).toMatchObject({ status: 403, pick: { load: { inFlight: 0 } } });
  });

  it('is refused with JSON', async () => {
    const { port } = await startStage([]);
    const wire = await connect(port);
    const { status, body } = await wire.send(HEAD).answer();
    expect(status).toBe(502);
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'GL_SERVICE_UNKNOWN' } });
    await eventually(() => wire.closed);
  });

  it('is aborted at the instance when its client goes away', async () => {
    let [begun, closed] = [false, false];
    const { instance, server } = await startHandler(() => {});
    server.on('upgrade', (_, socket) => {
      begun = true;
      socket
        .on('error', () => {})
        .on('close', () => {
          closed = true;
        });
      socket.resume().on('end', () => socket.end());
    });
    const { port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD);
    await eventually(() => begun);
    wire.socket.destroy();
    await eventually(() => closed);
    expect(await record()).toMatchObject({ status: 499, pick: { load: { inFlight: 0 } } });
  });

  it.each([
    ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__'],
    ['HTTP', 'Connection: Upgrade\r\nUpgrade: HTTP/2.0'],
    ['nothing', 'Connection: Upgrade\r\nUpgrade: ,'],
  ])('is one like any other when it asks for %s', async (_, headers) => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    for (let count = 0; count < 2; count++)
      expect((await wire.send(`GET / HTTP/1.1\r\nHost: shop\r\n${headers}\r\n\r\n`).answer()).status).toBe(200);
    expect(received.map(({ lines }) => [...valuesOf(lines, 'upgrade'), ...valuesOf(lines, 'http2-settings')])).toEqual([
      ...[[], []],
    ]);
  });

  it('is one like any other when it has a body', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD.replace('GET', 'POST').replace('Host', 'content-length: 5\r\nHost')).send('hello');
    expect((await wire.answer()).status).toBe(200);
    expect(received[0]?.body).toBe('hello');
    expect((await wire.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n').answer()).status).toBe(200);
  });

  it('may ask for any other', async () => {
    const { instance, server } = await startInstance();
    server.on('upgrade', (request, socket) => {
      socket.end(`HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\nhi`);
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(HEAD.replace('websocket', 'h2c, foo/2'));
    await eventually(() => wire.closed);
    expect(wire.text).toContain('Upgrade: foo/2\r\n');
    expect(wire.text).toMatch(/\r\n\r\nhi$/);
  });
});
