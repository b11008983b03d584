import { describe, expect, it } from '@jest/globals';
import { eventually, startHandler, startInstance } from '../stage.ts';
import { connect, valuesOf, type Wire } from '../wire.ts';
import { block, FLAG, FRAME, frame, framesOf, PREFACE, REQUEST } from './frames.ts';
import { curl, startListening } from './listening.ts';

const BOTH = FLAG.endStream | FLAG.endHeaders;

/** Opens a connection and sends the preface. */
async function open(port: number): Promise<Wire> {
  const wire = await connect(port);
  wire.send(PREFACE).send(frame(FRAME.settings, FLAG.none, 0));
  return wire;
}

const get = (...lines: string[]): string[] => [...REQUEST, ...lines];

const answered = (wire: Wire, stream: number): boolean =>
  framesOf(wire).some((each) => each.type === FRAME.headers && each.stream === stream);

const resetOf = (wire: Wire, stream: number): number | undefined =>
  framesOf(wire)
    .find((each) => each.type === FRAME.reset && each.stream === stream)
    ?.payload.readUInt32BE(0);

const lastGoAway = (wire: Wire): number | undefined =>
  framesOf(wire)
    .findLast((each) => each.type === FRAME.goAway)
    ?.payload.readUInt32BE(4);

const PROTOCOL_ERROR = 1;
const REFUSED_STREAM = 7;

describe('a request of HTTP/2 that is malformed', () => {
  it.each<[string, string[]]>([
    ['Connection', get('connection', 'close')],
    ['Keep-Alive', get('keep-alive', 'timeout=5')],
    ['Proxy-Connection', get('proxy-connection', 'close')],
    ['Transfer-Encoding', get('transfer-encoding', 'chunked')],
    ['Upgrade', get('upgrade', 'websocket')],
    ['TE for more than trailers', get('te', 'gzip')],
    ['a name in capitals', get('X-Name', 'value')],
    ['a pseudo-header behind headers', get('x-name', 'value', ':path', '/other')],
    ['a pseudo-header twice', get(':path', '/other')],
    ['an unknown pseudo-header', [':shop', 'x', ...REQUEST]],
    ['a status', [':status', '200', ...REQUEST]],
    ['a protocol, which nobody offered', [':protocol', 'websocket', ...REQUEST.with(1, 'CONNECT')]],
    ['no path', REQUEST.slice(0, 6)],
    ['no method', REQUEST.slice(2)],
    ['no scheme', [...REQUEST.slice(0, 2), ...REQUEST.slice(4)]],
    ['a path that is an address', REQUEST.with(7, 'http://evil/')],
    ['a scheme of something else', REQUEST.with(3, 'ftp')],
    ['two lengths', get('content-length', '5', 'content-length', '6')],
    ['a length that is none', get('content-length', '+5')],
    ['a length, and no body', get('content-length', '5')],
  ])('is reset, and the connection goes on: %s', async (_, lines) => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], { http2: true }, { routes: [{ service: 'shop' }] });
    const wire = await open(at);
    wire.send(frame(FRAME.headers, BOTH, 1, block(lines)));
    await eventually(() => resetOf(wire, 1) !== undefined);
    expect(resetOf(wire, 1)).toBe(PROTOCOL_ERROR);
    wire.send(frame(FRAME.headers, BOTH, 3, block(get('te', 'trailers'))));
    await eventually(() => answered(wire, 3));
    expect(received).toHaveLength(1);
  });

  it.each<[string, string[]]>([
    ['a name with a space', get('x name', 'value')],
    ['a line feed in a value', get('x-name', 'a\r\nb: c')],
    ['a null byte in a value', get('x-name', 'a\0b')],
  ])('goes on without the line that is none: %s', async (_, lines) => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], { http2: true });
    const wire = await open(at);
    wire.send(frame(FRAME.headers, BOTH, 1, block(lines)));
    await eventually(() => answered(wire, 1));
    expect(received[0]?.lines.filter((line) => /x.name|^value$|^a/.test(line))).toEqual([]);
  });

  it('with a Host and no authority is for that host', async () => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], { http2: true });
    const wire = await open(at);
    wire.send(frame(FRAME.headers, BOTH, 1, block([...REQUEST.toSpliced(4, 2), 'host', 'shop'])));
    await eventually(() => answered(wire, 1));
    expect(valuesOf(received[0]?.lines ?? [], 'host')).toEqual(['shop']);
  });

  it.each([
    ['less', 'hell'],
    ['more', 'hello!'],
  ])('is reset or ends with its connection, and is never whole, when it has %s body than it says', async (_, body) => {
    let whole = 0;
    const { instance } = await startHandler((request, response) => {
      request.on('error', () => {}).on('end', () => whole++);
      request.resume();
      response.flushHeaders();
    });
    const { at } = await startListening([instance], { http2: true });
    const wire = await open(at);
    const head = block([...REQUEST.with(1, 'POST'), 'content-length', '5']);
    wire.send(frame(FRAME.headers, FLAG.endHeaders, 1, head)).send(frame(FRAME.data, FLAG.endStream, 1, body));
    await eventually(() => wire.closed || resetOf(wire, 1) === PROTOCOL_ERROR);
    expect(whole).toBe(0);
  });
});

describe('a connection of HTTP/2 is closed for', () => {
  const cases: [string, (wire: Wire) => void][] = [
    [
      'rapid resets',
      (wire) => {
        for (let id = 1; id < 1000; id += 2)
          wire.send(frame(FRAME.headers, BOTH, id, block(REQUEST))).send(frame(FRAME.reset, 0, id, '\0\0\0\x08'));
      },
    ],
    [
      'continuations without end',
      (wire) => {
        wire.send(frame(FRAME.headers, FLAG.endStream, 1, block(REQUEST)));
        for (let count = 0; count < 100; count++) wire.send(frame(FRAME.continuation, 0, 1, block(['x', 'y'])));
      },
    ],
    [
      'empty continuations',
      (wire) => {
        wire.send(frame(FRAME.headers, FLAG.endStream, 1, block(REQUEST)));
        for (let count = 0; count < 1000; count++) wire.send(frame(FRAME.continuation, 0, 1));
      },
    ],
    [
      'empty data',
      (wire) => {
        wire.send(frame(FRAME.headers, FLAG.endHeaders, 1, block(REQUEST.with(1, 'POST'))));
        for (let count = 0; count < 1000; count++) wire.send(frame(FRAME.data, 0, 1));
      },
    ],
    [
      'pings whose answers are not read',
      (wire) => {
        wire.socket.pause();
        wire.send(Buffer.concat(Array.from({ length: 500_000 }, () => frame(FRAME.ping, 0, 0, '12345678'))));
      },
    ],
    [
      'settings whose answers are not read',
      (wire) => {
        wire.socket.pause();
        wire.send(Buffer.concat(Array.from({ length: 800_000 }, () => frame(FRAME.settings, 0, 0))));
      },
    ],
    ['a frame that is too large', (wire) => wire.send(frame(FRAME.data, 0, 1, 'x'.repeat(20_000)))],
    ['data of no stream', (wire) => wire.send(frame(FRAME.data, 0, 0, 'x'))],
    ['a request with an even number', (wire) => wire.send(frame(FRAME.headers, BOTH, 2, block(REQUEST)))],
    ['what is no compression', (wire) => wire.send(frame(FRAME.headers, BOTH, 1, '\x80'))],
  ];

  it.each(cases)('%s', async (_, abuse) => {
    const { instance } = await startInstance();
    const { at, gateway } = await startListening([instance], { http2: true });
    const wire = await open(at);
    abuse(wire);
    wire.socket.resume();
    await eventually(() => wire.closed);
    expect(lastGoAway(wire) ?? 1).not.toBe(0);
    expect(gateway.status().ready).toBe(true);
    expect(await curl('--http2-prior-knowledge', '-H', 'Host: shop', `http://127.0.0.1:${at}/`)).toBe(
      'served by stable',
    );
  });

  it('a client that never says anything, or nothing of HTTP/2 behind the preface', async () => {
    const { at } = await startListening([], { http2: true }, { limits: { headersMs: 100 } });
    const [silent, begun, short] = [await connect(at), await connect(at), await connect(at)];
    begun.send(PREFACE);
    short.send(PREFACE.slice(0, 10));
    await eventually(() => silent.closed && begun.closed && short.closed);
  });

  it('doing nothing for too long, whatever pings come', async () => {
    const { at } = await startListening([], { http2: true, limits: { idleMs: 200 } });
    const wire = await open(at);
    const timer = setInterval(() => wire.send(frame(FRAME.ping, 0, 0, '12345678')), 20);
    await eventually(() => wire.closed);
    clearInterval(timer);
    expect(lastGoAway(wire)).toBe(0);
  });
});

it.each([
  ['data of no stream', frame(FRAME.data, FLAG.none, 0, 'x')],
  ['a frame that is too large', frame(FRAME.data, FLAG.none, 1, 'x'.repeat(20_000))],
])('a client that says goodbye and then breaks the protocol is seen to go: %s', async (_, bytes) => {
  const { instance } = await startHandler((request) => request.resume().on('error', () => {}));
  const { at, record } = await startListening([instance], { http2: true, limits: { probeMs: 100 } });
  const wire = await open(at);
  wire.send(frame(FRAME.headers, BOTH, 1, block(REQUEST)));
  wire.send(frame(FRAME.goAway, FLAG.none, 0, '\0\0\0\0\0\0\0\0')).send(bytes);
  expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
});

it('headers that are too large are refused, and the connection goes on', async () => {
  const { instance, received } = await startInstance();
  const { at } = await startListening([instance], { http2: true });
  const wire = await open(at);
  const long = Array.from({ length: 800 }, (_, index) => [`x-${index}`, 'x'.repeat(100)]).flat();
  const whole = block([...REQUEST, ...long]);
  wire.send(frame(FRAME.headers, FLAG.endStream, 1, whole.subarray(0, 16_000)));
  for (let at16 = 16_000; at16 < whole.length; at16 += 16_000) {
    const last = at16 + 16_000 >= whole.length;
    wire.send(frame(FRAME.continuation, last ? FLAG.endHeaders : 0, 1, whole.subarray(at16, at16 + 16_000)));
  }
  await eventually(() => resetOf(wire, 1) !== undefined || answered(wire, 1));
  expect(received).toEqual([]);
  wire.send(frame(FRAME.headers, BOTH, 3, block(REQUEST)));
  await eventually(() => answered(wire, 3));
  expect(received).toHaveLength(1);
});

describe('more requests at a time than a connection may have', () => {
  async function openTooMany(acknowledged: boolean): Promise<{ wire: Wire; answers: (() => void)[] }> {
    const answers: (() => void)[] = [];
    const { instance } = await startHandler((_, response) => answers.push(() => response.end('late')));
    const { at } = await startListening([instance], { http2: true, limits: { streams: 3 } });
    const wire = await open(at);
    await eventually(() => framesOf(wire).some(({ type, flags }) => type === FRAME.settings && flags === 0));
    if (acknowledged) wire.send(frame(FRAME.settings, FLAG.ack, 0));
    for (let id = 1; id <= 9; id += 2) wire.send(frame(FRAME.headers, BOTH, id, block(REQUEST)));
    return { wire, answers };
  }

  it('are refused so that they can be sent again, as long as the client may not know', async () => {
    const { wire, answers } = await openTooMany(false);
    await eventually(() => answers.length === 3 && resetOf(wire, 9) !== undefined);
    expect([resetOf(wire, 7), resetOf(wire, 9)]).toEqual([REFUSED_STREAM, REFUSED_STREAM]);
    for (const answer of answers) answer();
    await eventually(() => answered(wire, 1) && answered(wire, 3) && answered(wire, 5));
  });

  it('end it when the client knows', async () => {
    const { wire } = await openTooMany(true);
    await eventually(() => wire.closed);
    expect(lastGoAway(wire)).not.toBe(0);
  });
});
