import { expect, it } from '@jest/globals';
import { GATEWAY_LIMITS } from '../../src/gateway.ts';
import { createListener } from '../../src/inbound/listener.ts';
import { withPace } from '../../src/inbound/pace.ts';
import type { Serve } from '../../src/inbound/serve.ts';
import { atEnd, eventually } from '../stage.ts';
import { connect } from '../wire.ts';
import { answerTo, begin, openSession } from './http2-client.ts';

/** Answers with how much it has read, when all is there. */
const COUNT: Serve = {
  request(request, response) {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => response.end(String(length)));
    request.on('error', () => {});
  },
};

async function startPaced(serve: Serve = COUNT): Promise<number> {
  const listener = createListener({ http2: true }, GATEWAY_LIMITS, withPace(serve, 10_000, 100));
  atEnd(() => listener.close());
  return (await listener.listen(0)).port;
}

const HEAD = 'POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 100000\r\n\r\n';

it('a body that comes too slowly is answered with 408, and its connection ends', async () => {
  const wire = await connect(await startPaced());
  wire.send(HEAD);
  const timer = setInterval(() => wire.send('x'), 10);
  const { status, body } = await wire.answer();
  clearInterval(timer);
  expect([status, JSON.parse(body.toString()).error.code]).toEqual([408, 'GL_REQUEST_TIMEOUT']);
  await eventually(() => wire.closed);
});

it('so is one over HTTP/2, whatever else comes over its connection', async () => {
  const session = openSession(await startPaced());
  const slow = begin(session, { ':method': 'POST' }, false);
  slow.write('x');
  const busy = begin(session, { ':method': 'POST' }, false);
  const timer = setInterval(() => busy.write('x'.repeat(10_000)), 10);
  expect((await answerTo(slow)).status).toBe(408);
  clearInterval(timer);
  busy.end();
  expect((await answerTo(busy)).status).toBe(200);
});

it('a client that waits for us, because nobody reads what it sent, is not slow', async () => {
  let read = (): void => {};
  const port = await startPaced({
    request(request, response) {
      request.pause();
      read = () => COUNT.request(request.resume(), response);
    },
  });
  const wire = await connect(port);
  wire.send(HEAD).send('x'.repeat(100_000));
  await new Promise((resolve) => setTimeout(resolve, 350));
  read();
  expect((await wire.answer()).status).toBe(200);
});

it('a conversation of gRPC may pause', async () => {
  const session = openSession(await startPaced());
  const stream = begin(session, { ':method': 'POST', 'content-type': 'application/grpc+proto' }, false);
  stream.write('x');
  await new Promise((resolve) => setTimeout(resolve, 350));
  stream.end();
  expect(await answerTo(stream)).toMatchObject({ status: 200, body: '1' });
});
