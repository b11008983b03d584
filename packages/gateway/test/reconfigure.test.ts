import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { ExchangeRecord } from '../src/record.ts';
import { eventually, startHandler, startInstance, startStage } from './stage.ts';
import { ask, connect } from './wire.ts';

describe('a gateway that is reconfigured', () => {
  it('handles further requests by the new routes, trust and limits', async () => {
    const { instance } = await startInstance('stable');
    const { gateway, port } = await startStage([instance], { routes: [{ path: '/a', service: 'shop' }] });
    expect((await ask(port, { target: '/b' })).status).toBe(404);
    gateway.reconfigure({ routes: [{ path: '/b', service: 'shop' }], limits: { bodyBytes: 3 } });
    expect((await ask(port, { target: '/b' })).status).toBe(200);
    expect((await ask(port, { target: '/a' })).status).toBe(404);
    expect((await ask(port, { target: '/b', method: 'POST', body: 'four' })).status).toBe(413);
    gateway.reconfigure({});
    expect((await ask(port, { target: '/a', method: 'POST', body: 'four' })).status).toBe(200);
  });

  it('ends what is under way as it began, also over connections with other time limits', async () => {
    const open: ServerResponse[] = [];
    const { instance } = await startHandler((request, response) => {
      if (request.url === '/slow') open.push(response);
      else response.end('quick');
    });
    const { gateway, port, records } = await startStage([instance]);
    const wire = await connect(port);
    wire.send('GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n');
    await eventually(() => open.length === 1);
    const later: ExchangeRecord[] = [];
    gateway.reconfigure({ timeouts: { answerMs: 20_000 }, onExchange: (exchange) => later.push(exchange) });
    expect((await ask(port, {})).body.toString()).toBe('quick');
    open[0]?.end('slow');
    expect((await wire.answer()).body.toString()).toBe('slow');
    await eventually(() => records.length === 1 && later.length === 1);
    expect([records[0]?.target, later[0]?.target]).toEqual(['/slow', '/']);
  });
});
