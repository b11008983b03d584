import { once } from 'node:events';
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { eventually, settled, startHandler, startInstance } from '../stage.ts';
import { ask, valuesOf } from '../wire.ts';
import { answerTo, askHttp2, begin, openSession } from './http2-client.ts';
import { curl, startListening } from './listening.ts';

const PLAIN = { http2: true };

describe('a request of HTTP/2', () => {
  it('is decided, tagged and answered as one of HTTP/1.1 is, on the same port', async () => {
    const [stable, gray] = [await startInstance(), await startInstance('gray')];
    const { at, record } = await startListening([stable.instance, gray.instance], PLAIN);
    const session = openSession(at);
    const answer = await askHttp2(session, { ':path': '/items?id=7', 'x-tester': '1', baggage: 'graylane=blue,a=b' });
    expect(answer).toMatchObject({ status: 200, body: 'served by gray' });
    expect((await askHttp2(session)).body).toBe('served by stable');
    expect((await ask(at, {})).body.toString()).toBe('served by stable');
    const { target, lines = [] } = gray.received[0] ?? {};
    expect(target).toBe('/items?id=7');
    expect(valuesOf(lines, 'host')).toEqual(['shop']);
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray,a=b']);
    expect(lines.filter((line) => line.startsWith(':'))).toEqual([]);
    expect(await record(3)).toMatchObject({ method: 'GET', host: 'shop', status: 200, ip: '127.0.0.1' });
  });

  it('may come from curl, by prior knowledge and by no knowledge at all', async () => {
    const { instance } = await startInstance('stable', (_, response, body) => response.end(`got ${body.length}`));
    const { at } = await startListening([instance], PLAIN);
    const args = ['-H', 'Host: shop', '-w', ' %{http_version} %{http_code}', `http://127.0.0.1:${at}/`];
    expect(await curl('--http2-prior-knowledge', ...args)).toBe('got 0 2 200');
    expect(await curl('--http2-prior-knowledge', '-d', 'x'.repeat(2_000_000), ...args).catch(String)).toContain(
      'E2BIG',
    );
    expect(await curl('--http1.1', ...args)).toBe('got 0 1.1 200');
    expect(await curl('--http2', ...args)).toBe('got 0 1.1 200'); // an upgrade by header, which RFC 9113 has no more
  });

  it('has its cookie in one piece', async () => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], PLAIN);
    await askHttp2(openSession(at), { cookie: ['a=1', 'uid=7', 'b=2'] });
    expect(valuesOf(received[0]?.lines ?? [], 'cookie')).toEqual(['a=1; uid=7; b=2']);
  });

  it.each([
    ['the same', 'shop', 200],
    ['in other letters', 'SHOP', 200],
    ['another', 'evil', 400],
  ])('with a Host beside its authority, %s', async (_, host, status) => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], PLAIN);
    expect((await askHttp2(openSession(at), { host })).status).toBe(status);
    expect(received).toHaveLength(status === 200 ? 1 : 0);
  });

  it('CONNECT is refused, and the connection goes on', async () => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], { ...PLAIN }, { routes: [{ service: 'shop' }] });
    const session = openSession(at);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'shop:80' });
    await once(stream, 'error');
    expect(stream.rstCode).toBe(constants.NGHTTP2_PROTOCOL_ERROR);
    expect(received).toEqual([]);
    expect((await askHttp2(session)).status).toBe(200);
  });

  it('may have a body of any length, told or not, and trailers', async () => {
    const { instance, received } = await startInstance('stable', (_, response, body) => response.end(body));
    const { at } = await startListening([instance], PLAIN);
    const session = openSession(at);
    const body = 'x'.repeat(300_000);
    expect((await askHttp2(session, { ':method': 'POST' }, body)).body).toBe(body);
    expect((await askHttp2(session, { ':method': 'POST', 'content-length': 5 }, 'hello')).body).toBe('hello');
    expect((await askHttp2(session, { ':method': 'POST' }, '')).body).toBe('');
    const stream = session.request({ ':authority': 'shop', ':method': 'POST' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end('with trailers');
    expect((await answerTo(stream)).body).toBe('with trailers');
    expect(received.slice(0, 2).map(({ lines }) => valuesOf(lines, 'content-length'))).toEqual([[], ['5']]);
    expect(received[3]?.trailers).toEqual(['x-sum', '7']);
  });

  it('that waits for 100 is told to go on', async () => {
    const { instance } = await startInstance('stable', (_, response, body) => response.end(body));
    const { at } = await startListening([instance], PLAIN);
    const stream = begin(openSession(at), { ':method': 'POST', expect: '100-continue' }, false);
    const answer = answerTo(stream);
    await once(stream, 'continue');
    stream.end('hello');
    expect((await answer).body).toBe('hello');
  });

  it('with a body that is too large is answered with 413', async () => {
    const { instance } = await startInstance();
    const { at } = await startListening([instance], PLAIN, { limits: { bodyBytes: 1000 } });
    const session = openSession(at);
    expect((await askHttp2(session, { ':method': 'POST', 'content-length': 2000 }, 'x'.repeat(2000))).status).toBe(413);
    expect((await askHttp2(session, { ':method': 'POST' }, 'x'.repeat(200_000))).status).toBe(413);
    expect((await askHttp2(session)).status).toBe(200);
  });

  it('that is reset ends at the instance too', async () => {
    let gone = 0;
    const { instance } = await startHandler((request, response) => {
      request.on('error', () => {});
      response.on('close', () => gone++);
      response.write('begun');
    });
    const { at, record } = await startListening([instance], PLAIN);
    const stream = begin(openSession(at), { ':method': 'POST' }, false);
    stream.write('begun');
    await once(stream, 'response');
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => gone === 1);
    expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
  });

  it('that does not come to its end in time is reset', async () => {
    const { instance } = await startHandler((request) => request.resume().on('error', () => {}));
    const { at, record } = await startListening([instance], PLAIN, { limits: { headersMs: 100, requestMs: 200 } });
    const stream = begin(openSession(at), { ':method': 'POST' }, false);
    stream.write('hel');
    expect((await answerTo(stream)).status).toBe(408);
    expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
  });
});

describe('an answer over HTTP/2', () => {
  it('has no headers of a connection, no reason, all cookies, and its trailers', async () => {
    const { instance } = await startHandler((_, response) => {
      response.writeHead(201, 'Wonderful', [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['X-Name', 'caf\xe9'],
        ['Keep-Alive', 'timeout=5'],
        ['Trailer', 'x-sum'],
      ]);
      response.write('body');
      response.addTrailers({ 'X-Sum': '7' });
      response.end();
    });
    const { at } = await startListening([instance], PLAIN);
    const { status, headers, trailers, body } = await askHttp2(openSession(at));
    expect([status, body, headers['set-cookie'], headers['x-name']]).toEqual([201, 'body', ['a=1', 'b=2'], 'caf\xe9']);
    expect(Object.keys(headers)).not.toContain('keep-alive');
    expect(Object.keys(headers)).not.toContain('transfer-encoding');
    expect(trailers).toMatchObject({ 'x-sum': '7' });
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with %i has no body', async (method, status) => {
    const { instance } = await startHandler((_, response) => response.writeHead(status, { etag: '"x"' }).end());
    const { at } = await startListening([instance], PLAIN);
    const session = openSession(at);
    expect(await askHttp2(session, { ':method': method })).toMatchObject({ status, body: '' });
    expect(await askHttp2(session, { ':method': method })).toMatchObject({ status, body: '' });
  });

  it('that breaks off resets the stream and nothing else', async () => {
    const { instance } = await startHandler((request, response) => {
      if (request.url === '/whole') response.end('whole');
      else response.write('half', () => response.destroy());
    });
    const { at } = await startListening([instance], PLAIN);
    const session = openSession(at);
    const stream = begin(session);
    stream.resume();
    await once(stream, 'error');
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect((await askHttp2(session, { ':path': '/whole' })).body).toBe('whole');
  });

  it('comes no faster than the client reads, and holds up no other', async () => {
    const part = Buffer.alloc(65_536, 120);
    let sent = 0;
    const { instance } = await startHandler((request, response) => {
      if (request.url === '/small') return void response.end('small');
      const more = (): void => {
        while (sent < 64 * 1024 * 1024 && !response.destroyed) {
          sent += part.length;
          if (!response.write(part)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const { at } = await startListening([instance], PLAIN);
    const session = openSession(at);
    const stream = begin(session);
    await once(stream, 'response');
    expect(await settled(() => sent)).toBeLessThan(32 * 1024 * 1024);
    expect((await askHttp2(session, { ':path': '/small' })).body).toBe('small');
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    await once(stream, 'end');
    expect(length).toBe(64 * 1024 * 1024);
  });

  it('of the gateway itself is JSON', async () => {
    const { at } = await startListening([], PLAIN);
    const { status, body } = await askHttp2(openSession(at));
    expect([status, JSON.parse(body).error.code]).toEqual([502, 'GL_SERVICE_UNKNOWN']);
  });

  it('may be preceded by early hints', async () => {
    const { instance } = await startHandler((_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('page');
    });
    const { at } = await startListening([instance], PLAIN);
    const { interim, body } = await askHttp2(openSession(at));
    expect(interim.map(({ ':status': status, link }: IncomingHttpHeaders) => [status, link])).toEqual([
      [103, '</style.css>; rel=preload'],
    ]);
    expect(body).toBe('page');
  });
});

describe('when the gateway closes', () => {
  it('clients are told, what is under way ends well, and nothing new begins', async () => {
    const answers: (() => void)[] = [];
    const { instance } = await startHandler((_, response) => answers.push(() => response.end('late')));
    const { gateway, at } = await startListening([instance], PLAIN);
    const session = openSession(at);
    const busy = answerTo(begin(session));
    await eventually(() => answers.length === 1);
    const told = once(session, 'goaway');
    const closing = gateway.close();
    expect((await told)[0]).toBe(constants.NGHTTP2_NO_ERROR);
    for (const answer of answers) answer();
    expect((await busy).body).toBe('late');
    await closing;
    await eventually(() => session.destroyed);
  });

  it('a connection that comes meanwhile is served once and told so', async () => {
    const { instance } = await startInstance();
    const { gateway, at } = await startListening([instance], PLAIN);
    const closing = gateway.close({ drainMs: 300 });
    const session = openSession(at);
    const told = once(session, 'goaway');
    expect((await askHttp2(session)).status).toBe(200);
    await told;
    await closing;
  });
});

it('without being asked to, a plain listener speaks HTTP/1.1 only', async () => {
  const { instance } = await startInstance();
  const { port } = await startListening([instance], PLAIN);
  const session = openSession(port);
  await once(session, 'error');
});
