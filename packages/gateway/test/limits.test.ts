import { describe, expect, it } from '@jest/globals';
import { eventually, startHandler, startInstance, startStage } from './stage.ts';
import { ask, connect, valuesOf } from './wire.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: shop\r\n';

describe('headers', () => {
  it('of a megabyte are answered with 431, and the connection ends', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\n');
    for (let line = 0; line < 1024; line++) wire.send(`x-${line}: ${'x'.repeat(1015)}\r\n`);
    const { status, lines } = await wire.answer();
    expect([status, ...valuesOf(lines, 'connection')]).toEqual([431, 'close']);
    await eventually(() => wire.closed);
    expect(received).toEqual([]);
  });

  it('of less than the limit are taken', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { limits: { headerBytes: 16_384 } });
    expect((await ask(port, { headers: [`x-long: ${'x'.repeat(15_000)}`] })).status).toBe(200);
    expect((await ask(port, { headers: [`x-long: ${'x'.repeat(17_000)}`] })).status).toBe(431);
    expect(received).toHaveLength(1);
  });

  it('of however many lines are all read, the length of the body behind 1500 of them too', async () => {
    const { instance, received, server } = await startInstance('stable', (_, response, body) => response.end(body));
    server.maxHeadersCount = 0;
    const { port } = await startStage([instance]);
    const many = Array.from({ length: 1500 }, (_, index) => `${index}:`).join('\r\n');
    const answer = await ask(
      port,
      `${HEAD}${many}\r\ncontent-length: 5\r\nx-graylane: gray\r\nx-tester: 1\r\n\r\nhello`,
    );
    expect([answer.status, answer.body.toString()]).toEqual([200, 'hello']);
    const { lines = [] } = received[0] ?? {};
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray']);
    expect(lines.indexOf('baggage')).toBeLessThan(lines.indexOf('0')); // for some servers leave out what comes late
  });

  it('that do not come to their end are answered with 408, and the connection ends', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { limits: { headersMs: 100 } });
    const wire = await connect(port);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\nx-slow: ');
    const { status, lines } = await wire.answer();
    expect([status, ...valuesOf(lines, 'connection')]).toEqual([408, 'close']);
    await eventually(() => wire.closed);
    expect(received).toEqual([]);
  });

  it('that do not begin end the connection', async () => {
    const { instance } = await startInstance();
    const { port } = await startStage([instance], { limits: { headersMs: 100 } });
    const wire = await connect(port);
    await eventually(() => wire.closed);
  });
});

it('a request that does not come to its end in time ends with its connection, and the instance sees it', async () => {
  let aborted = false;
  const { instance } = await startHandler((request) => {
    request.resume().on('error', () => {
      aborted = true;
    });
  });
  const { port, record } = await startStage([instance], { limits: { headersMs: 100, requestMs: 300 } });
  const wire = await connect(port);
  wire.send(`${HEAD}content-length: 5\r\n\r\nhell`);
  await eventually(() => wire.closed && aborted);
  expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
});

describe('a request that two servers could read in two ways', () => {
  const cases: [string, string][] = [
    ['bare line feeds', 'GET / HTTP/1.1\nHost: shop\n\n'],
    ['one bare line feed', 'GET / HTTP/1.1\r\nHost: shop\nx: y\r\n\r\n'],
    ['a bare carriage return in a value', 'GET / HTTP/1.1\r\nHost: shop\r\nx: a\rContent-Length: 5\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: shop\r\nx: y\r\n z\r\n\r\n'],
    ['a folded header that is empty at first', 'GET / HTTP/1.1\r\nHost: shop\r\nx:\r\n\tz\r\n\r\n'],
    ['a space before the first header', 'GET / HTTP/1.1\r\n Host: shop\r\nHost: shop\r\n\r\n'],
    ['a space before the colon', `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a space in a name', 'GET / HTTP/1.1\r\nHost: shop\r\nx y: z\r\n\r\n'],
    ['a null byte', 'GET / HTTP/1.1\r\nHost: shop\r\nx: a\0b\r\n\r\n'],
    ['length and chunks', `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and length', `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
    ['the same length twice', `${HEAD}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a list of lengths', `${HEAD}Content-Length: 5, 5\r\n\r\nhello`],
    ['a length with a sign', `${HEAD}Content-Length: +5\r\n\r\nhello`],
    ['a negative length', `${HEAD}Content-Length: -1\r\n\r\nhello`],
    ['a length in hexadecimal', `${HEAD}Content-Length: 0x5\r\n\r\nhello`],
    ['an empty length', `${HEAD}Content-Length:\r\n\r\nhello`],
    ['a length beyond 64 bits', `${HEAD}Content-Length: 99999999999999999999\r\n\r\nhello`],
    ['a disguised coding', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a vertical tab before the coding', `${HEAD}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`],
    ['another coding behind chunked', `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a second line of codings', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`],
    ['another coding before chunked', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['identity', `${HEAD}Transfer-Encoding: identity\r\n\r\n`],
    ['no coding at all', `${HEAD}Transfer-Encoding:\r\n\r\n`],
    ['chunks in HTTP/1.0', `${HEAD.replace('1.1', '1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk size that is none', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: shop\r\nHost: shop\r\n\r\n'],
    ['two Hosts that differ', 'GET / HTTP/1.1\r\nHost: shop\r\nx: y\r\nhOST: other\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: shop/../x\r\n\r\n'],
    ['a Host with spaces', 'GET / HTTP/1.1\r\nHost: shop x\r\n\r\n'],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: shop@evil\r\n\r\n'],
    ['an absolute target with a user', 'GET http://shop@evil/ HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['an absolute target of another scheme', 'GET ftp://shop/ HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['an unprintable target', 'GET /\x7f HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a relative target', 'GET cart HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['a method that is none', 'get / HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['another version', 'GET / HTTP/1.2\r\nHost: shop\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no HTTP at all', 'hello\r\n\r\n'],
  ];

  it.each(cases)('is refused with 400 and never forwarded whole: %s', async (_, bytes) => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { routes: [{ service: 'shop' }] });
    const wire = await connect(port);
    wire.send(`${bytes}GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n`);
    const { status, lines } = await wire.answer();
    expect([status, ...valuesOf(lines, 'connection')]).toEqual([400, 'close']);
    await eventually(() => wire.closed);
    expect(wire.text).toBe('');
    expect(received).toEqual([]);
    expect((await ask(port, {})).status).toBe(200); // and no instance was ejected for it
  });

  it('is recorded where it got as far as the gateway’s own look at it', async () => {
    const { instance } = await startInstance();
    const { port, record } = await startStage([instance]);
    const answer = await ask(port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      error: { code: 'GL_REQUEST_INVALID', message: 'there is more than one Host' },
    });
    expect(await record()).toMatchObject({
      status: 400,
      error: 'GL_REQUEST_INVALID',
      service: undefined,
      decision: undefined,
    });
  });

  it('is not made of a chunked body that looks like one', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    const body = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n';
    wire.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    wire.send(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect([(await wire.answer()).status, (await wire.answer()).status]).toEqual([200, 200]);
    expect(received.map(({ target, body: got }) => [target, got])).toEqual([
      ['/', body],
      ['/', body],
    ]);
  });

  it('CONNECT is not answered at all', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { routes: [{ service: 'shop' }] });
    const wire = await connect(port);
    wire.send('CONNECT shop:80 HTTP/1.1\r\nHost: shop:80\r\n\r\n');
    await eventually(() => wire.closed);
    expect(received).toEqual([]);
  });

  it('an upgrade is one like any other to an instance that knows none', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'];
    expect((await ask(port, { headers })).status).toBe(200);
    expect(valuesOf(received[0]?.lines ?? [], 'upgrade')).toEqual(['websocket']);
  });
});
