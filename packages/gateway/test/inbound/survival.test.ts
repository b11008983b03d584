import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually, startHandler } from '../stage.ts';
import { connect } from '../wire.ts';
import { block, FLAG, FRAME, frame, PREFACE, REQUEST } from './frames.ts';
import { askHttp2, openSession } from './http2-client.ts';
import { startListening } from './listening.ts';

const PART = 'x'.repeat(10_000);
const POST = block(REQUEST.with(1, 'POST'));
const GET = block(REQUEST);

/** What a client may send on a stream, well formed or not, in any order. */
const deed = fc.constantFrom<(id: number) => Buffer>(
  (id) => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, GET),
  (id) => frame(FRAME.headers, FLAG.endHeaders, id, POST),
  (id) => frame(FRAME.headers, FLAG.none, id, POST.subarray(0, 5)),
  (id) => frame(FRAME.continuation, FLAG.endHeaders, id, POST.subarray(5)),
  (id) => frame(FRAME.data, FLAG.none, id, PART),
  (id) => frame(FRAME.data, FLAG.endStream, id, PART),
  (id) => frame(FRAME.reset, FLAG.none, id, '\0\0\0\x08'),
  (id) => frame(FRAME.reset, FLAG.none, id, '\0\0\0\0'),
  (id) => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, block(['x-trailer', '1'])),
  () => frame(FRAME.ping, FLAG.none, 0, '12345678'),
  () => frame(FRAME.settings, FLAG.none, 0, '\0\x04\0\0\0\0'), // a window of nothing
  () => frame(FRAME.settings, FLAG.ack, 0),
  () => frame(FRAME.goAway, FLAG.none, 0, '\0\0\0\0\0\0\0\0'),
  () => Buffer.from(PART),
);

const visit = fc.record({
  deeds: fc.array(fc.tuple(deed, fc.constantFrom(1, 1, 3, 3, 5, 2, 0)), { maxLength: 12 }),
  ms: fc.nat(12),
  cut: fc.constantFrom(0, 0, 0, 1, 20),
  end: fc.constantFrom('destroy', 'resetAndDestroy', 'end'),
});

it('a gateway survives whatever comes over HTTP/2, and instances that break off, and counts right', async () => {
  let turn = 0;
  let calm = false;
  const rude = await startHandler((request, response) => {
    const deeds = [
      () => response.end(PART.repeat(50)),
      () => request.pipe(response),
      () => response.destroy(),
      () => response.write(PART, () => request.socket.resetAndDestroy()),
      () => setTimeout(() => response.end('late'), 5),
      () => request.on('data', () => request.socket.destroy()),
      () => response.writeHead(204).end(),
    ];
    request.on('error', () => {});
    if (calm) response.end('calm');
    else deeds[turn++ % deeds.length]?.();
  });
  const { at, records } = await startListening(
    [rude.instance],
    { http2: true, limits: { probeMs: 100 } },
    { limits: { bodyBytes: 25_000 } },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { minLength: 8, maxLength: 8 }), async (visits) => {
      await Promise.all(
        visits.map(async ({ deeds, ms, cut, end }) => {
          const wire = await connect(at);
          const sent = Buffer.concat([
            Buffer.from(PREFACE),
            frame(FRAME.settings, FLAG.none, 0),
            ...deeds.map(([make, id]) => make(id)),
          ]);
          wire.send(sent.subarray(0, sent.length - cut));
          await sleep(ms);
          wire.socket[end]();
        }),
      );
    }),
    { numRuns: 60 },
  );
  const loads = records.flatMap(({ pick }) => (pick && 'load' in pick ? [pick.load] : []));
  expect(loads.length).toBeGreaterThan(20);
  await eventually(() => loads.every(({ inFlight }) => inFlight === 0));
  calm = true;
  expect((await askHttp2(openSession(at))).body).toBe('calm');
});
