import { once } from 'node:events';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { deadInstance, eventually } from '../stage.ts';
import { callUnary, ECHO, openClient, startGRPC } from './grpc-service.ts';
import { startListening } from './listening.ts';

type Unary = ServerUnaryCall<string, string>;
type Download = ServerWritableStream<string, string>;
type Upload = ServerReadableStream<string, string>;
type Chat = ServerDuplexStream<string, string>;
type Reply = sendUnaryData<string>;

function methodsOf(lane: string) {
  return {
    unary: ({ request, metadata }: Unary, reply: Reply) => {
      const trailers = new Metadata();
      trailers.set('served-by', lane);
      reply(null, `${request} by ${lane}, baggage ${metadata.get('baggage')}`, trailers);
    },
    download: (call: Download) => {
      for (let part = 0; part < 1000; part++) call.write(`${part} `.repeat(50));
      call.end();
    },
    upload: (call: Upload, reply: Reply) => {
      let length = 0;
      call.on('data', (part: string) => {
        length += part.length;
      });
      call.on('end', () => reply(null, `${length} by ${lane}`));
    },
    chat: (call: Chat) => {
      call.on('data', (part: string) => call.write(`${part} by ${lane}`));
      call.on('end', () => call.end());
    },
  };
}

const ROUTES = [{ service: 'shop' }];

async function startShop(overrides: Partial<ReturnType<typeof methodsOf>> = {}) {
  const stable = await startGRPC({ ...methodsOf('stable'), ...overrides });
  const gray = await startGRPC({ ...methodsOf('gray'), ...overrides }, 'gray');
  const stage = await startListening([stable, gray], { http2: true }, { routes: ROUTES });
  return { ...stage, client: openClient(stage.at) };
}

const TESTER = Metadata.fromHttp2Headers({ 'x-tester': '1' });

describe('gRPC through the gateway', () => {
  it('is picked for each call, and its trailers arrive', async () => {
    const { client, record } = await startShop();
    const gray = await callUnary(client, 'hello', TESTER);
    expect(gray).toMatchObject({ code: status.OK, reply: 'hello by gray, baggage graylane=gray' });
    expect(gray.trailers.get('served-by')).toEqual(['gray']);
    const stable = await callUnary(client, 'hello', new Metadata());
    expect(stable).toMatchObject({ code: status.OK, reply: 'hello by stable, baggage ' });
    expect(await record(2)).toMatchObject({ method: 'POST', target: ECHO.unary.path, status: 200, service: 'shop' });
  });

  it('streams from the server', async () => {
    const { client } = await startShop();
    const { path, requestSerialize, responseDeserialize } = ECHO.download;
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, 'go', TESTER);
    let length = 0;
    let parts = 0;
    call.on('data', (part: string) => {
      length += part.length;
      parts++;
    });
    const [{ code }] = (await once(call, 'status')) as [{ code: number }];
    expect([code, parts, length]).toEqual([status.OK, 1000, 50 * (10 * 2 + 90 * 3 + 900 * 4)]);
  });

  it('streams from the client', async () => {
    const { client } = await startShop();
    const { path, requestSerialize, responseDeserialize } = ECHO.upload;
    const reply = await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        TESTER,
        (error, value) => (error ? reject(error) : resolve(value)),
      );
      for (let part = 0; part < 500; part++) call.write('x'.repeat(1000));
      call.end();
    });
    expect(reply).toBe('500000 by gray');
  });

  it('streams both ways, one part after the other', async () => {
    const { client } = await startShop();
    const { path, requestSerialize, responseDeserialize } = ECHO.chat;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, TESTER);
    for (let part = 0; part < 20; part++) {
      call.write(`part ${part}`);
      expect(await once(call, 'data')).toEqual([`part ${part} by gray`]);
    }
    const ended = once(call, 'status');
    call.resume().end();
    expect(await ended).toMatchObject([{ code: status.OK }]);
  });

  it('tells errors of the instance: without an answer, and in the middle of one', async () => {
    const trailers = Metadata.fromHttp2Headers({ 'x-why': 'closed' });
    const { client } = await startShop({
      unary: (_call, reply) =>
        reply({ code: status.FAILED_PRECONDITION, details: 'no more today', metadata: trailers }),
      download: (call) => {
        call.write('begun');
        call.emit('error', { code: status.DATA_LOSS, details: 'lost' });
      },
    });
    const called = await callUnary(client, 'hello', TESTER);
    expect(called).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'no more today' });
    expect(called.trailers.get('x-why')).toEqual(['closed']);
    const { path, requestSerialize, responseDeserialize } = ECHO.download;
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, 'go', TESTER);
    const parts: string[] = [];
    call.on('data', (part: string) => parts.push(part)).on('error', () => {});
    const told = await new Promise((resolve) => void call.on('status', resolve));
    expect(told).toMatchObject({ code: status.DATA_LOSS, details: 'lost' });
    expect(parts).toEqual(['begun']);
  });

  it('ends at the instance when the client cancels, or its deadline passes', async () => {
    let begun = 0;
    let cancelled = 0;
    const { client, records } = await startShop({
      unary: (call) => {
        begun++;
        call.on('cancelled', () => cancelled++);
      },
      chat: (call) => {
        begun++;
        call.on('cancelled', () => cancelled++);
        call.write('begun');
      },
    });
    expect(await callUnary(client, 'hello', TESTER, 200)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await eventually(() => cancelled === 1);
    const { path, requestSerialize, responseDeserialize } = ECHO.chat;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, TESTER);
    call.on('error', () => {});
    await once(call, 'data');
    call.cancel();
    await eventually(() => cancelled === 2 && records.length === 2);
    expect(begun).toBe(2);
    expect(records.map(({ pick }) => pick && 'load' in pick && pick.load.inFlight)).toEqual([0, 0]);
  });

  it('is told that nobody is there in a way that it understands', async () => {
    const dead = { ...(await deadInstance()), metadata: { protocol: 'h2c' } };
    const { at } = await startListening([dead], { http2: true }, { routes: ROUTES });
    expect(await callUnary(openClient(at), 'hello', TESTER)).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('many calls at a time get their own answers', async () => {
    const { client } = await startShop();
    const calls = Array.from({ length: 400 }, (_, index) =>
      callUnary(client, `call ${index}`, index % 2 === 0 ? TESTER : new Metadata()),
    );
    const lanes = (await Promise.all(calls)).map(({ reply = '' }) => reply.split(',')[0]);
    expect(lanes).toEqual(calls.map((_, index) => `call ${index} by ${index % 2 === 0 ? 'gray' : 'stable'}`));
  });
});
