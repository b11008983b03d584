import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Instance } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import type { Exchange, Upstream, UpstreamRequest } from '../src/upstream.ts';
import { type Http2UpstreamOptions, http2Upstream } from '../src/upstream-h2.ts';
import { FLAG, FRAME, frame } from './inbound/frames.ts';
import { createAuthority, temporary } from './inbound/listening.ts';
import { atEnd, deadInstance, eventually, instanceAt, startHandler, startWireInstance } from './stage.ts';

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function listen(
  server: Http2Server,
  protocol: string,
): Promise<{ instance: Instance; sessions: ServerHttp2Session[] }> {
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session: ServerHttp2Session) => sessions.push(session.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { instance: { ...instanceAt((server.address() as AddressInfo).port), metadata: { protocol } }, sessions };
}

function startH2C(onStream: OnStream, options: ServerOptions = {}) {
  const server = createServer(options);
  server.on('stream', (stream, headers) =>
    onStream(
      stream.on('error', () => {}),
      headers,
    ),
  );
  return listen(server, 'h2c');
}

function open(options: Http2UpstreamOptions = {}): Upstream {
  const upstream = http2Upstream(options);
  atEnd(() => upstream.close());
  return upstream;
}

interface Told {
  readonly status: number;
  readonly lines: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly interim: readonly number[];
  readonly outcome: string;
}

/** Sends a request, and gives all that is told of it. */
function ask(upstream: Upstream, instance: Instance, request: Partial<UpstreamRequest> = {}) {
  const interim: number[] = [];
  let head: { status: number; lines: readonly string[] } = { status: 0, lines: [] };
  let body = '';
  let exchange: Exchange | undefined;
  const told = new Promise<Told>((resolve) => {
    const end = (outcome: string, trailers: readonly string[]): void =>
      resolve({ ...head, body, trailers, interim, outcome: exchange ? outcome : `${outcome} before send returned` });
    exchange = upstream.send(
      instance,
      { method: 'GET', target: '/', lines: ['Host', 'shop'], body: undefined, ...request },
      {
        onInformation: (status) => interim.push(status),
        onHead: (status, _reason, lines) => {
          head = { status, lines };
        },
        onData: (chunk) => {
          body += chunk.toString('latin1');
          return true;
        },
        onEnd: (trailers) => end('ok', trailers),
        onError: (failure) => end(failure, []),
      },
    );
  });
  return { told, exchange: exchange as unknown as Exchange };
}

describe('an instance that speaks HTTP/2', () => {
  it('gets the request as it is, with trailers, and its answer comes back whole', async () => {
    const got: unknown[] = [];
    const { instance } = await startH2C((stream, headers) => {
      let body = '';
      stream.on('data', (chunk: Buffer) => {
        body += chunk;
      });
      let trailers: IncomingHttpHeaders = {};
      stream.on('trailers', (lines: IncomingHttpHeaders) => {
        trailers = lines;
      });
      stream.on('end', () => {
        got.push([
          headers[':method'],
          headers[':authority'],
          headers[':path'],
          headers['x-a'],
          body,
          trailers['x-sum'],
        ]);
        stream.additionalHeaders({ ':status': 103, link: '</a>' });
        stream.respond({ ':status': 201, 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': '8' }));
        stream.end('answer');
      });
    });
    const lines = ['Host', 'shop', 'X-A', '1', 'x-a', '2', 'te', 'trailers', 'connection', 'x'];
    const { told } = ask(open(), instance, {
      method: 'POST',
      target: '/a?b',
      lines,
      body: Readable.from([Buffer.from('hel'), Buffer.from('lo')]),
      trailers: () => ['X-Sum', '7'],
    });
    expect(await told).toMatchObject({
      status: 201,
      body: 'answer',
      trailers: ['x-end', '8'],
      interim: [103],
      outcome: 'ok',
    });
    expect((await told).lines.slice(0, 4)).toEqual(['set-cookie', 'a=1', 'set-cookie', 'b=2']);
    expect(got).toEqual([['POST', 'shop', '/a?b', '1, 2', 'hello', '7']]);
  });

  it('is reached over one connection, as long as that takes more requests', async () => {
    const open4: ServerHttp2Stream[] = [];
    const { instance, sessions } = await startH2C((stream) => open4.push(stream), {
      settings: { maxConcurrentStreams: 2 },
    });
    const upstream = open();
    const asked = Array.from({ length: 4 }, () => ask(upstream, instance).told);
    await eventually(() => open4.length === 4);
    expect(sessions).toHaveLength(2);
    for (const stream of open4) stream.respond({ ':status': 204 }, { endStream: true });
    expect((await Promise.all(asked)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok']);
    const after = ask(upstream, instance).told;
    await eventually(() => open4.length === 5);
    open4[4]?.respond({ ':status': 204 }, { endStream: true });
    await after;
    expect(sessions).toHaveLength(2);
  });

  it('that goes away ends what it has begun, and is connected to anew', async () => {
    const streams: ServerHttp2Stream[] = [];
    const { instance, sessions } = await startH2C((stream) => streams.push(stream));
    const upstream = open();
    const first = ask(upstream, instance).told;
    await eventually(() => streams.length === 1);
    sessions[0]?.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = ask(upstream, instance).told;
    await eventually(() => streams.length === 2);
    for (const stream of streams) stream.respond({ ':status': 204 }, { endStream: true });
    expect([(await first).outcome, (await second).outcome, sessions.length]).toEqual(['ok', 'ok', 2]);
  });

  it('that refuses a request without looking at it gets it again, whole', async () => {
    let refusals = 0;
    const bodies: string[] = [];
    const { instance } = await startH2C((stream) => {
      let body = '';
      stream.on('data', (chunk: Buffer) => {
        body += chunk;
      });
      stream.on('end', () => {
        bodies.push(body);
        if (refusals++ < 2) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
        stream.respond({ ':status': 200 });
        stream.end(body);
      });
    });
    const { told } = ask(open(), instance, { method: 'POST', body: Readable.from([Buffer.from('hello')]) });
    expect(await told).toMatchObject({ outcome: 'ok', body: 'hello' });
    expect(bodies.at(-1)).toBe('hello');
  });

  it('that refuses all the time has got nothing: the request can go elsewhere', async () => {
    const { instance } = await startH2C((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    expect(await ask(open(), instance).told).toMatchObject({ outcome: 'connect-failed' });
  });

  it('is told when the request is given up', async () => {
    let code: number | undefined;
    const { instance } = await startH2C((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('begun');
      stream.on('close', () => {
        code = stream.rstCode;
      });
    });
    const upstream = open();
    const { exchange } = ask(upstream, instance);
    await new Promise((resolve) => setTimeout(resolve, 50));
    exchange.abort();
    await eventually(() => code !== undefined);
    expect(code).toBe(constants.NGHTTP2_CANCEL);
  });
});

describe('a request over HTTP/2 fails', () => {
  it('without a byte sent, when nobody is there or what is there speaks something else', async () => {
    const dead = { ...(await deadInstance()), metadata: { protocol: 'h2c' } };
    expect((await ask(open(), dead).told).outcome).toBe('connect-failed');
    const { instance } = await startHandler((_, response) => response.end());
    expect((await ask(open(), { ...instance, metadata: { protocol: 'h2c' } }).told).outcome).toBe('connect-failed');
    const mute = await startWireInstance(() => {});
    const upstream = open({ timeouts: { connectMs: 100 } });
    expect((await ask(upstream, { ...mute.instance, metadata: { protocol: 'h2c' } }).told).outcome).toBe(
      'connect-failed',
    );
  });

  it('in time, when there is no answer or none any more', async () => {
    const { instance } = await startH2C((stream, { ':path': path }) => {
      if (path === '/begun') stream.respond({ ':status': 200 });
    });
    const upstream = open({ timeouts: { answerMs: 100, idleMs: 100 } });
    expect(await ask(upstream, instance).told).toMatchObject({ outcome: 'timeout', status: 0 });
    expect(await ask(upstream, instance, { target: '/begun' }).told).toMatchObject({ outcome: 'timeout', status: 200 });
  });

  it('when the connection breaks before or in an answer, or the instance resets it', async () => {
    const { instance } = await startH2C((stream, { ':path': path }) => {
      if (path === '/reset') return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (path === '/begun') stream.respond({ ':status': 200 });
      setTimeout(() => stream.session?.destroy(), 20);
    });
    const upstream = open();
    expect((await ask(upstream, instance).told).outcome).toBe('unanswered');
    expect((await ask(upstream, instance, { target: '/begun' }).told).outcome).toBe('broken');
    expect((await ask(upstream, instance, { target: '/reset' }).told).outcome).toBe('broken');
  });

  it('when no ping is answered any more', async () => {
    const { instance } = await startWireInstance((socket) => socket.write(frame(FRAME.settings, FLAG.none, 0)));
    const { told } = ask(open({ pingMs: 50 }), { ...instance, metadata: { protocol: 'h2c' } });
    expect(await told).toMatchObject({ outcome: 'unanswered' });
  });

  it('when it cannot be sent to anybody', async () => {
    const { instance } = await startH2C((stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    expect((await ask(open(), instance, { lines: [':odd', 'x'] }).told).outcome).toBe('broken');
  });
});

describe('an instance that speaks HTTP/2 with TLS', () => {
  async function startH2(name: string) {
    const authority = await createAuthority(await temporary());
    const { cert, key } = await authority.issue('instance', name);
    const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
    server.on('stream', (stream: ServerHttp2Stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    return { ...(await listen(server, 'h2')), ca: [readFileSync(authority.ca)] };
  }

  it('is believed to be who it is by a certificate of an authority for its name, and else not spoken with', async () => {
    const { instance, ca } = await startH2('shop.internal');
    const named = (serverName: string): Instance => ({ ...instance, metadata: { protocol: 'h2', serverName } });
    expect((await ask(open({ ca }), named('shop.internal')).told).outcome).toBe('ok');
    expect((await ask(open({ ca }), named('cart.internal')).told).outcome).toBe('connect-failed');
    expect((await ask(open(), named('shop.internal')).told).outcome).toBe('connect-failed');
    expect((await ask(open({ ca }), instance).told).outcome).toBe('connect-failed');
  });
});
