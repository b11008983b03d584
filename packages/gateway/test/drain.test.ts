import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { eventually, startHandler, startStage } from './stage.ts';
import { connect } from './wire.ts';

describe('an instance that leaves', () => {
  it('ends what it has begun, and its idle connections are closed', async () => {
    const sockets = new Set<Socket>();
    const finish: (() => void)[] = [];
    const { instance, server } = await startHandler((request, response) => {
      sockets.add(request.socket);
      if (request.url === '/slow') finish.push(() => response.end('slow'));
      else response.end('quick');
    });
    const { port, registry } = await startStage([instance]);
    const slow = await connect(port);
    slow.send('GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n');
    await eventually(() => finish.length === 1);
    const quick = await connect(port);
    quick.send('GET /quick HTTP/1.1\r\nHost: shop\r\n\r\n');
    expect((await quick.answer()).body.toString()).toBe('quick');
    expect(sockets.size).toBe(2);
    const [idle] = [...sockets].slice(-1) as [Socket];
    const gone = once(idle, 'close');
    registry.set([{ ...instance, state: 'draining' }]);
    await gone;
    finish[0]?.();
    expect((await slow.answer()).body.toString()).toBe('slow');
    await eventually(() => [...sockets].every(({ destroyed }) => destroyed));
    expect(server.listening).toBe(true);
  });
});
