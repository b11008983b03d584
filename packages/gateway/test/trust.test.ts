import { type Network, parseNetwork } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type Started, startInstance, startStage } from './stage.ts';
import { ask, valuesOf } from './wire.ts';

const HERE = parseNetwork('127.0.0.0/8') as Network;
const long = (member: string): string => {
  const others = Array.from({ length: 150 }, (_, index) => `key-${index}=value-${index}`);
  return [...others.slice(0, 75), member, ...others.slice(75)].join(',');
};

/** A policy that tells on the lane in `x-seen`'s stead: whoever sees it, is gray. */
const TELLTALE = {
  version: 1,
  lanes: { gray: {}, told: {} },
  rules: [
    ...['header.x-graylane', 'header.uberctx-graylane', 'header.ot-baggage-graylane'].map((fact) => ({
      name: fact.replace('.', '-'),
      when: { fact, exists: true },
      lane: 'told',
    })),
    ...['header.baggage', 'header.jaeger-baggage', 'header.sw8-correlation'].map((fact) => ({
      name: fact.replace('.', '-'),
      when: { any: ['graylane', 'Z3JheWxhbmU', 'gray%6cane'].map((contains) => ({ fact, contains })) },
      lane: 'told',
    })),
  ],
};

async function startBoth(): Promise<{ stable: Started<never>; gray: Started<never>; told: Started<never> }> {
  const [stable, gray, told] = await Promise.all(['stable', 'gray', 'told'].map((lane) => startInstance(lane)));
  return { stable, gray, told } as never;
}

describe('a lane that a client sends', () => {
  const forged: [string, string[]][] = [
    ['as the only member of baggage', ['baggage: graylane=gray']],
    ['in an odd header case', ['bAgGaGe: graylane=gray']],
    ['first in baggage', ['baggage: graylane=gray,a=b']],
    ['last in baggage', ['baggage: a=b,graylane=gray']],
    ['in the middle of a long baggage', [`baggage: ${long('graylane=gray')}`]],
    ['repeated', ['baggage: graylane=gray,graylane=gray,a=b,graylane=gray']],
    ['in the second of two baggage headers', ['baggage: a=b', 'x: y', 'Baggage: graylane=gray']],
    ['in both of two baggage headers', ['baggage: graylane=gray', 'baggage: graylane=gray']],
    ['with spaces and tabs', ['baggage:   a=b ,\t graylane \t=  gray  , c=d']],
    ['with properties', ['baggage: graylane=gray;ttl=5;x']],
    ['without a value', ['baggage: graylane,a=b']],
    ['percent-encoded, as OpenTelemetry decodes keys', ['baggage: a=b,gray%6Cane=gray,%67raylane=gray']],
    ['behind a no-break space, which OpenTelemetry trims', ['baggage: a=b,\xa0graylane\xa0=gray']],
    ['percent-encoded with a space', ['baggage: %20graylane=gray']],
    ['in x-graylane', ['X-Graylane: gray']],
    ['in x-graylane twice', ['x-graylane: gray', 'x-graylane: gray']],
    ['in uberctx-graylane', ['uberctx-graylane: gray']],
    ['in Uberctx-Graylane', ['Uberctx-Graylane: gray']],
    ['in ot-baggage-graylane', ['ot-baggage-graylane: gray']],
    ['in sw8-correlation', ['sw8-correlation: Z3JheWxhbmU=:Z3JheQ==']],
    ['in sw8-correlation without padding', ['sw8-correlation: YQ:Yg,Z3JheWxhbmU:Z3JheQ']],
    ['in sw8-correlation with stray bits', ['sw8-correlation: Z3JheWxhbmV=:Z3JheQ==']],
    ['in sw8-correlation with spaces', ['sw8-correlation: YQ==:Yg== , Z3JheWxhbmU=:Z3JheQ==']],
    ['in jaeger-baggage', ['jaeger-baggage: a=b,graylane=gray']],
    ['in jaeger-baggage with spaces', ['jaeger-baggage: a=b, graylane = gray']],
    [
      'in a header that Connection names',
      ['Connection: baggage, x-graylane', 'baggage: graylane=gray', 'x-graylane: gray'],
    ],
    [
      'in every carrier at once',
      [
        'baggage: graylane=gray',
        'x-graylane: gray',
        'uberctx-graylane: gray',
        'ot-baggage-graylane: gray',
        'sw8-correlation: Z3JheWxhbmU=:Z3JheQ==',
        'jaeger-baggage: graylane=gray',
      ],
    ],
  ];

  it.each(forged)('%s is seen by no rule and reaches no instance', async (_, headers) => {
    const { stable, gray, told } = await startBoth();
    const instances = [stable, gray, told].map(({ instance }) => instance);
    const { port, record } = await startStage(instances, { policy: TELLTALE });
    expect((await ask(port, { headers })).body.toString()).toBe('served by stable');
    expect(await record()).toMatchObject({ decision: { by: 'default', lane: 'stable' }, pick: { kind: 'hit' } });
    expect(stable.received).toHaveLength(1);
    const sent = stable.received[0]?.lines.filter((line) => !/^1\.1 graylane-\w{6}$/.test(line)).join('\n') ?? '';
    expect(sent).not.toMatch(/graylane|gray%6cane|%67raylane|Z3JheWxhbmU|Z3JheWxhbmV/i);
  });

  it('goes, and what stands beside it stays as it was and in order', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    await ask(port, {
      headers: [
        'baggage: a=b;p=1 , c = %20d,graylane=gray;x, e=;graylane=inner',
        'baggage: graylane=x,f="g",not-graylane=1,graylane2=2',
        'sw8-correlation: YQ==:Yg==,Z3JheWxhbmU=:Z3JheQ==,Yw:ZA',
        'jaeger-baggage: a=b,graylane=gray, c = d',
        'uberctx-user: u1',
        'ot-baggage-user: u2',
        'tracestate: graylane=1',
      ],
    });
    const lines = received[0]?.lines ?? [];
    expect(valuesOf(lines, 'baggage')).toEqual([
      'a=b;p=1 , c = %20d, e=;graylane=inner,f="g",not-graylane=1,graylane2=2',
    ]);
    expect(valuesOf(lines, 'sw8-correlation')).toEqual(['YQ==:Yg==,Yw:ZA']);
    expect(valuesOf(lines, 'jaeger-baggage')).toEqual(['a=b, c = d']);
    expect(valuesOf(lines, 'uberctx-user')).toEqual(['u1']);
    expect(valuesOf(lines, 'ot-baggage-user')).toEqual(['u2']);
    expect(valuesOf(lines, 'tracestate')).toEqual(['graylane=1']);
  });

  it('leaves the other baggage to the rules', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance], {
      policy: {
        version: 1,
        lanes: { gray: {} },
        rules: [{ name: 'tenant', when: { fact: 'header.baggage', equals: 'tenant=7' }, lane: 'gray' }],
      },
    });
    const answer = await ask(port, { headers: ['baggage: graylane=stable,tenant=7'] });
    expect(answer.body.toString()).toBe('served by gray');
    expect(valuesOf(gray.received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray,tenant=7']);
  });

  it('does not survive in the lane that is decided here', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance]);
    await ask(port, { headers: ['x-tester: 1', 'baggage: a=b,graylane=other', 'x-graylane: other'] });
    const lines = gray.received[0]?.lines ?? [];
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray,a=b']);
    expect(valuesOf(lines, 'x-graylane')).toEqual(['gray']);
  });
});

describe('a lane from a trusted network', () => {
  it.each([
    ['baggage', ['baggage: a=b,graylane=gray', 'x-graylane: other']],
    ['the copy where baggage has none', ['baggage: a=b', 'x-graylane: gray']],
  ])('is followed and not decided again (%s)', async (_, headers) => {
    const { stable, gray } = await startBoth();
    const { port, record } = await startStage([stable.instance, gray.instance], { trust: { lanes: [HERE] } });
    expect((await ask(port, { headers })).body.toString()).toBe('served by gray');
    expect(await record()).toMatchObject({ decision: { by: 'carried', lane: 'gray' } });
    expect(valuesOf(gray.received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray,a=b']);
    expect(valuesOf(gray.received[0]?.lines ?? [], 'x-graylane')).toEqual(['gray']);
  });

  it('is followed to stable too, where a rule would say gray', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance], { trust: { lanes: [HERE] } });
    const answer = await ask(port, { headers: ['baggage: graylane=stable', 'x-tester: 1'] });
    expect(answer.body.toString()).toBe('served by stable');
    expect(valuesOf(stable.received[0]?.lines ?? [], 'baggage')).toEqual([]);
  });

  it('is carried on where no instance has it, so that later hops come back to it', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance], { trust: { lanes: [HERE] } });
    expect((await ask(port, { headers: ['baggage: graylane=unheard-of'] })).status).toBe(200);
    expect(valuesOf(received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=unheard-of']);
    expect(await record()).toMatchObject({ pick: { kind: 'fallback', lane: 'stable' } });
  });

  it('is decided here when it is no lane', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance], { trust: { lanes: [HERE] } });
    const answer = await ask(port, { headers: ['baggage: graylane=NOT A LANE', 'x-tester: 1'] });
    expect(answer.body.toString()).toBe('served by gray');
    expect(valuesOf(gray.received[0]?.lines ?? [], 'baggage')).toEqual(['graylane=gray']);
  });

  it('is not believed because a proxy is', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance], { trust: { proxies: [HERE] } });
    expect((await ask(port, { headers: ['x-graylane: gray'] })).body.toString()).toBe('served by stable');
  });

  it('is believed of the sender only, whatever X-Forwarded-For says', async () => {
    const { stable, gray } = await startBoth();
    const trust = { lanes: [parseNetwork('10.0.0.0/8') as Network], proxies: [HERE] };
    const { port } = await startStage([stable.instance, gray.instance], { trust });
    const answer = await ask(port, { headers: ['x-graylane: gray', 'x-forwarded-for: 10.0.0.1'] });
    expect(answer.body.toString()).toBe('served by stable');
  });
});

describe('what a client says of connections', () => {
  it('takes away neither our headers nor the host nor the length', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance]);
    await ask(port, {
      method: 'POST',
      body: 'hello',
      headers: [
        'x-tester: 1',
        'Connection: close, baggage, X-Graylane, x-forwarded-for, x-forwarded-host, x-forwarded-proto, host, content-length',
      ],
    });
    const { lines = [], body } = gray.received[0] ?? {};
    expect(valuesOf(lines, 'baggage')).toEqual(['graylane=gray']);
    expect(valuesOf(lines, 'x-graylane')).toEqual(['gray']);
    expect(valuesOf(lines, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(lines, 'x-forwarded-host')).toEqual(['shop']);
    expect(valuesOf(lines, 'x-forwarded-proto')).toEqual(['http']);
    expect(valuesOf(lines, 'host')).toEqual(['shop']);
    expect(valuesOf(lines, 'content-length')).toEqual(['5']);
    expect(body).toBe('hello');
  });

  it('ends here, with the headers that it names', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance]);
    await ask(port, {
      headers: [
        'Connection: keep-alive, X-One',
        'connection:x-two , close',
        'X-One: 1',
        'x-two: 2',
        'x-three: 3',
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic eA==',
        'TE: trailers',
        'Trailer: x',
        'Upgrade: websocket',
      ],
    });
    const names = (received[0]?.lines ?? []).filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names).toEqual([
      'host',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-three',
      'te', // of which a gRPC server makes sure
      'trailer',
      'via',
      'connection',
    ]);
    expect(valuesOf(received[0]?.lines ?? [], 'connection')).toEqual(['TE']);
  });

  it('does not come from the instance either', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(200, [
        ...[
          'Connection',
          'x-inner, keep-alive',
          'X-Inner',
          '1',
          'Keep-Alive',
          'timeout=7',
          'Proxy-Connection',
          'close',
        ],
        ...['X-Kept', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Trailer', 'x-end', 'Upgrade', 'h2c'],
      ]);
      response.end('ok');
    });
    const { port } = await startStage([instance]);
    const { lines } = await ask(port, {});
    const names = lines.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual(
      [
        'connection',
        'date',
        'keep-alive',
        'set-cookie',
        'set-cookie',
        'trailer',
        'transfer-encoding',
        'x-kept',
      ].toSorted(),
    );
    expect(valuesOf(lines, 'keep-alive')).toEqual(['timeout=65']);
    expect(valuesOf(lines, 'set-cookie')).toEqual(['a=1', 'b=2']);
  });
});

describe('where a request came from', () => {
  const forwarded = ['x-forwarded-for: 203.0.113.9', 'X-Forwarded-Host: evil', 'x-forwarded-proto: https'];
  const more = [
    'x-forwarded-port: 1',
    'x-forwarded-prefix: /p',
    'forwarded: for=203.0.113.9',
    'x-real-ip: 203.0.113.9',
  ];

  it('is not believed of a client', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance]);
    await ask(port, { headers: [...forwarded, ...more] });
    const lines = received[0]?.lines ?? [];
    expect(valuesOf(lines, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(lines, 'x-forwarded-host')).toEqual(['shop']);
    expect(valuesOf(lines, 'x-forwarded-proto')).toEqual(['http']);
    expect(lines.join()).not.toMatch(/203\.0\.113\.9|evil|x-forwarded-p(ort|refix)/i);
    expect(await record()).toMatchObject({ ip: '127.0.0.1' });
  });

  it('is believed of a trusted proxy, and the proxy is added to the chain', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance], { trust: { proxies: [HERE] } });
    await ask(port, { headers: [...forwarded, ...more] });
    const lines = received[0]?.lines ?? [];
    expect(valuesOf(lines, 'x-forwarded-for')).toEqual(['203.0.113.9, 127.0.0.1']);
    expect(valuesOf(lines, 'x-forwarded-host')).toEqual(['evil']);
    expect(valuesOf(lines, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(lines, 'x-real-ip')).toEqual(['203.0.113.9']);
    expect(await record()).toMatchObject({ ip: '203.0.113.9' });
  });

  it('is what the rules see as ip', async () => {
    const { stable, gray } = await startBoth();
    const { port } = await startStage([stable.instance, gray.instance], {
      trust: { proxies: [HERE] },
      policy: {
        version: 1,
        lanes: { gray: {} },
        rules: [{ name: 'office', when: { fact: 'ip', cidr: ['203.0.113.0/24'] }, lane: 'gray' }],
      },
    });
    const served = async (chain: string): Promise<string> =>
      (await ask(port, { headers: [`x-forwarded-for: ${chain}`] })).body.toString();
    expect(await served('203.0.113.9')).toBe('served by gray');
    expect(await served('203.0.113.9, 198.51.100.7')).toBe('served by stable');
  });

  it('is plain IPv4 on a dual-stack socket', async () => {
    const { instance, received } = await startInstance();
    const { port, record } = await startStage([instance], { host: '::' });
    expect((await ask(port, {})).status).toBe(200);
    expect(valuesOf(received[0]?.lines ?? [], 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(await record()).toMatchObject({ ip: '127.0.0.1' });
  });
});
