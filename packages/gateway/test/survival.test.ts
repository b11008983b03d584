import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually, startHandler, startStage } from './stage.ts';
import { ask, connect } from './wire.ts';

const part = 'x'.repeat(40_000);
const requests = [
  'GET / HTTP/1.1\r\nHost: shop\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: ${2 * part.length}\r\n\r\n${part}${part}`,
  `POST / HTTP/1.1\r\nHost: shop\r\ntransfer-encoding: chunked\r\n\r\n9c40\r\n${part}\r\n9c40\r\n${part}\r\n0\r\n\r\n`,
  'POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nhello',
  'GET / HTTP/1.1\r\nHost: shop\r\nHost: shop\r\n\r\n',
  `POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 999999\r\n\r\n${part}`,
];

const visit = fc.record({
  request: fc.constantFrom(...requests),
  /** How much of the request is sent. */
  share: fc.constantFrom(0.3, 0.9, 1, 1),
  rest: fc.constantFrom(...requests, ''),
  ms: fc.nat(12),
  end: fc.constantFrom('destroy', 'resetAndDestroy', 'end'),
});

it('a gateway survives clients and instances that break off at any moment, and counts right', async () => {
  let turn = 0;
  let calm = false;
  const rude = await startHandler((request, response) => {
    const deeds = [
      () => response.end(part.repeat(50)),
      () => request.pipe(response),
      () => response.destroy(),
      () => response.write(part, () => request.socket.resetAndDestroy()),
      () => setTimeout(() => response.end('late'), 5),
      () => request.on('data', () => request.socket.destroy()),
    ];
    request.on('error', () => {});
    if (calm) response.end('calm');
    else deeds[turn++ % deeds.length]?.();
  });
  // A client that ends within its second request still gets the answer to its first, however long that takes.
  const timeouts = { answerMs: 2_000 };
  const { port, records } = await startStage([rude.instance], { limits: { bodyBytes: 100_000 }, timeouts });
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { minLength: 8, maxLength: 8 }), async (visits) => {
      await Promise.all(
        visits.map(async ({ request, share, rest, ms, end }) => {
          const wire = await connect(port);
          wire.send(request.slice(0, Math.ceil(request.length * share)) + (share === 1 ? rest : ''));
          await sleep(ms);
          wire.socket[end]();
        }),
      );
    }),
    { numRuns: 40 },
  );
  const loads = records.flatMap(({ pick }) => (pick && 'load' in pick ? [pick.load] : []));
  expect(loads.length).toBeGreaterThan(20);
  await eventually(() => loads.every(({ inFlight }) => inFlight === 0));
  calm = true;
  expect((await ask(port, {})).body.toString()).toBe('calm');
});
