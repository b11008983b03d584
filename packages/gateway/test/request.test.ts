import { bucketOf } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { startInstance, startStage } from './stage.ts';
import { ask, connect, valuesOf } from './wire.ts';

/** Users of whom the bucket of the rule `half` is known. */
const users = Array.from({ length: 40 }, (_, index) => `u${index}`).map((user) => ({
  user,
  bucket: bucketOf('half', user),
}));

describe('a decision', () => {
  it.each([
    ['a header', ['x-tester: 1'], { by: 'rule', lane: 'gray', rule: 'testers' }],
    ['a header of another value', ['x-tester: 2'], { by: 'default', lane: 'stable' }],
    ['nothing', [], { by: 'default', lane: 'stable' }],
  ])('follows from %s, and is recorded with service and pick', async (_, headers, decision) => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port, record } = await startStage(started.map(({ instance }) => instance));
    const answer = await ask(port, { target: '/a?b=c', headers: [...headers, 'X-Request-ID: r-7'] });
    expect(answer.body.toString()).toBe(`served by ${decision.lane}`);
    const instance = started.find((one) => one.instance.lane === decision.lane)?.instance;
    expect(await record()).toMatchObject({
      method: 'GET',
      host: 'shop',
      target: '/a?b=c',
      ip: '127.0.0.1',
      requestID: 'r-7',
      decision,
      service: 'shop',
      pick: { kind: 'hit', lane: decision.lane, instance },
      status: 200,
      error: undefined,
      detail: undefined,
    });
  });

  it('splits users by their bucket, and always alike', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port, records } = await startStage(started.map(({ instance }) => instance));
    const wire = await connect(port);
    const laneOf = async (user: string): Promise<string> => {
      wire.send(`GET / HTTP/1.1\r\nHost: shop\r\nCookie: a=b; uid=${user}\r\n\r\n`);
      return (await wire.answer()).body.toString();
    };
    const expected = users.map(({ bucket }) => `served by ${bucket < 50_000 ? 'gray' : 'stable'}`);
    expect(new Set(expected).size).toBe(2);
    for (const { user } of users) await laneOf(user);
    const again: string[] = [];
    for (const { user } of users) again.push(await laneOf(user));
    expect(again).toEqual(expected);
    const splits = records.slice(-users.length).map(({ decision }) => decision);
    expect(splits).toEqual(
      users.map(({ bucket }) => ({ by: 'split', rule: 'half', lane: bucket < 50_000 ? 'gray' : 'stable' })),
    );
  });

  it('takes all kinds of facts together', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port } = await startStage(
      started.map(({ instance }) => instance),
      {
        policy: {
          version: 1,
          lanes: { gray: {} },
          rules: [
            {
              name: 'composite',
              when: {
                all: [
                  { fact: 'method', equals: 'POST' },
                  { fact: 'path', prefix: '/cart' },
                  { fact: 'query.city', in: ['Shanghai', 'Beijing'] },
                  { fact: 'host', equals: 'shop' },
                  { fact: 'header.host', equals: 'shop:80' },
                  { not: { fact: 'cookie.opt-out', exists: true } },
                  {
                    any: [
                      { fact: 'ip', cidr: ['127.0.0.0/8'] },
                      { fact: 'header.x-vip', equals: '1' },
                    ],
                  },
                ],
              },
              lane: 'gray',
            },
          ],
        },
      },
    );
    const good = { method: 'POST', host: 'shop:80', target: '/cart/7?a=b&city=Shanghai', body: '' };
    const served = async (change: object): Promise<string> => (await ask(port, { ...good, ...change })).body.toString();
    expect(await served({})).toBe('served by gray');
    expect(await served({ method: 'PUT' })).toBe('served by stable');
    expect(await served({ target: '/list?city=Shanghai' })).toBe('served by stable');
    expect(await served({ target: '/cart?city=Rome' })).toBe('served by stable');
    expect(await served({ host: 'SHOP' })).toBe('served by stable');
    expect(await served({ headers: ['cookie: opt-out=1'] })).toBe('served by stable');
  });

  it('is stable without a key, never random', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port, records } = await startStage(
      started.map(({ instance }) => instance),
      {
        policy: {
          version: 1,
          lanes: { gray: {} },
          rules: [
            {
              name: 'everybody',
              when: { fact: 'path', exists: true },
              split: { by: 'cookie.uid', lanes: { gray: 100 } },
            },
          ],
        },
      },
    );
    for (let count = 0; count < 10; count++) expect((await ask(port, {})).body.toString()).toBe('served by stable');
    expect(records[0]?.decision).toEqual({ by: 'no-key', lane: 'stable', rule: 'everybody' });
    expect((await ask(port, { headers: ['cookie: uid=7'] })).body.toString()).toBe('served by gray');
  });

  it('falls back to stable where the lane has no instance, and still carries the lane', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance]);
    expect((await ask(port, { headers: ['x-tester: 1'] })).status).toBe(200);
    expect(valuesOf(received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray']);
    expect(await record()).toMatchObject({ pick: { kind: 'fallback', because: 'no-instances', lane: 'stable' } });
  });

  it('refuses where a strict lane has no instance', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance], {
      policy: {
        version: 1,
        lanes: { load: { strict: true } },
        rules: [{ name: 'load', when: { fact: 'header.x-load', exists: true }, lane: 'load' }],
      },
    });
    expect((await ask(port, { headers: ['x-load: 1'] })).status).toBe(503);
    expect(received).toEqual([]);
    expect(await record()).toMatchObject({ error: 'GL_NO_INSTANCE', pick: { kind: 'empty' } });
  });
});

describe('what goes out', () => {
  it('has our member of baggage first, and the client’s untouched behind it', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port } = await startStage(started.map(({ instance }) => instance));
    await ask(port, { headers: ['x-tester: 1', 'baggage: a=b;p, c=%20', 'baggage: d=e'] });
    const lines = started[1]?.received[0]?.lines ?? [];
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray,a=b;p, c=%20,d=e']);
    expect(valuesOf(lines, 'x-graylane')).toEqual(['gray']);
  });

  it('has no member of ours for stable', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    await ask(port, {});
    await ask(port, { headers: ['baggage: a=b'] });
    expect(received.map(({ lines }) => valuesOf(lines, 'baggage'))).toEqual([[], ['a=b']]);
    expect(received.map(({ lines }) => valuesOf(lines, 'x-graylane'))).toEqual([[], []]);
  });

  it('keeps the target, the header lines, their case and order, and every byte', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    const target = '/a%2Fb//c/../d;x?q=%E4%B8%AD&r=+&&s[]=\'"<>\\';
    await ask(port, { target, headers: ['X-Odd: 1', 'cookie: a=1', 'x-odd: caf\xe9 \xe4\xb8\xad', 'Cookie: b=2'] });
    const { lines = [], target: got } = received[0] ?? {};
    expect(got).toBe(target);
    const from = lines.indexOf('X-Odd');
    expect(lines.slice(from, from + 8)).toEqual([
      ...['X-Odd', '1', 'cookie', 'a=1'],
      ...['x-odd', 'caf\xe9 \xe4\xb8\xad', 'Cookie', 'b=2'],
    ]);
  });
});

describe('what comes back', () => {
  it('keeps status, reason, header lines and every byte', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(418, '\xe4\xb8\xad teapot', ['X-A', 'caf\xe9', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2']);
      response.end('short');
    });
    const { port, record } = await startStage([instance]);
    const { status, reason, lines, body } = await ask(port, {});
    expect({ status, reason, body: body.toString() }).toEqual({
      status: 418,
      reason: '\xe4\xb8\xad teapot',
      body: 'short',
    });
    expect(lines.slice(0, 6)).toEqual(['X-A', 'caf\xe9', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2']);
    expect(await record()).toMatchObject({ status: 418, error: undefined });
  });

  it('comes in the order of the requests when they are pipelined', async () => {
    const { instance } = await startInstance('stable', (request, response) => {
      setTimeout(() => response.end(request.url), request.url === '/1' ? 30 : 0);
    });
    const { port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send([1, 2, 3].map((index) => `GET /${index} HTTP/1.1\r\nHost: shop\r\n\r\n`).join(''));
    const bodies = [await wire.answer(), await wire.answer(), await wire.answer()].map(({ body }) => body.toString());
    expect(bodies).toEqual(['/1', '/2', '/3']);
  });
});
