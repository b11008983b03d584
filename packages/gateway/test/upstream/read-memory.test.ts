import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ReadMemories } from '../../src/upstream/read-memory.ts';
import { startHandler, startStage } from '../stage.ts';
import { ask, connect } from '../wire.ts';

describe('memory to read into', () => {
  it('is used again only when all that was lent of it is back', () => {
    const memories = new ReadMemories();
    const first = memories.give();
    const back = [first.lend(), first.lend()];
    expect(first.free).toBe(false);
    first.release();
    back[0]?.();
    expect(memories.give()).not.toBe(first);
    back[1]?.();
    expect(first.free).toBe(true);
    expect(memories.give()).toBe(first);
  });

  it('is never overwritten while a slow client has not read: every byte comes as it was sent', async () => {
    const bodies = Array.from({ length: 24 }, () => randomBytes(3_000_000));
    const { instance } = await startHandler((request, response) => {
      const body = bodies[Number(request.url?.slice(1))] as Buffer;
      response.setHeader('content-length', body.length);
      response.end(body);
    });
    const { port } = await startStage([instance]);
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const slow = async (index: number): Promise<string> => {
      const wire = await connect(port);
      wire.socket.pause();
      wire.send(`GET /${index} HTTP/1.1\r\nHost: shop\r\n\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      wire.socket.resume();
      return digest((await wire.answer()).body);
    };
    const quick = async (index: number): Promise<string> => digest((await ask(port, { target: `/${index}` })).body);
    const got = await Promise.all(bodies.map((_, index) => (index % 2 === 0 ? slow(index) : quick(index))));
    expect(got).toEqual(bodies.map(digest));
  });
});
