import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { httpRegistry } from '@graylane/sources/http';
import { describe, expect, it } from '@jest/globals';
import { createGateway } from '../src/gateway.ts';
import type { ExchangeRecord } from '../src/record.ts';
import { atEnd, deadInstance, eventually, POLICY, startHandler, startInstance, startStage } from './stage.ts';
import { ask, connect, valuesOf } from './wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';

async function refuses(port: number): Promise<boolean> {
  const socket = connectSocket(port, '127.0.0.1');
  const refused = await Promise.race([
    once(socket, 'connect').then(() => false),
    once(socket, 'error').then(() => true), // which `once` would reject with, were it not what is waited for
  ]).catch(() => true);
  socket.destroy();
  return refused;
}

describe('a gateway starts', () => {
  it('only with a good policy', async () => {
    const gateway = createGateway({ registry: memoryRegistry(), policy: memoryPolicy({ version: 1, rules: [{}] }) });
    atEnd(() => gateway.close());
    await expect(gateway.listen(0)).rejects.toMatchObject({ code: 'GL_POLICY_INVALID' });
    expect(gateway.server.listening).toBe(false);
    expect(gateway.status()).toMatchObject({ ready: false, policy: { freshness: 'none' } });
  });

  it('only when a policy and instances are known', async () => {
    const nobody = await deadInstance();
    const policy = memoryPolicy();
    const registry = httpRegistry({ url: `http://127.0.0.1:${nobody.port}` });
    const without = createGateway({ registry: memoryRegistry(), policy });
    const alone = createGateway({ registry, policy: memoryPolicy(POLICY) });
    atEnd(() => Promise.all([without.close(), alone.close()]));
    const outcomes = await Promise.allSettled([without.listen(0), alone.listen(0)]);
    expect(outcomes).toMatchObject([
      { reason: { code: 'GL_POLICY_UNAVAILABLE' } },
      { reason: { code: 'GL_REGISTRY_UNAVAILABLE' } },
    ]);
    expect([without.server.listening, alone.server.listening]).toEqual([false, false]);
  });

  it('as soon as the policy comes', async () => {
    const policy = memoryPolicy();
    const gateway = createGateway({ registry: memoryRegistry(), policy });
    atEnd(() => gateway.close());
    const listening = gateway.listen(0);
    expect(gateway.status().ready).toBe(false);
    policy.set(POLICY);
    expect((await listening).port).toBeGreaterThan(0);
    expect(gateway.status()).toMatchObject({ ready: true, draining: false });
  });

  it('not on a port that is taken, and then on another', async () => {
    const { port } = await startStage([]);
    const gateway = createGateway({ registry: memoryRegistry(), policy: memoryPolicy(POLICY) });
    atEnd(() => gateway.close());
    await expect(gateway.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((await gateway.listen(0)).port).not.toBe(port);
  });

  it('on IPv6', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { host: '::1' });
    const wire = await connect(port, '::1');
    expect((await wire.send(GET).answer()).status).toBe(200);
    expect(valuesOf(received[0]?.lines ?? [], 'x-forwarded-for')).toEqual(['::1']);
  });

  it('and sends requests to an instance on IPv6', async () => {
    const server = createServer((_, response) => response.end('six'));
    server.listen(0, '::1');
    await once(server, 'listening');
    atEnd(() => server.close());
    const { instance } = await startInstance();
    const { port } = await startStage([{ ...instance, host: '::1', port: (server.address() as AddressInfo).port }]);
    expect((await ask(port, {})).body.toString()).toBe('six');
  });
});

describe('a policy', () => {
  it('applies from the moment that it comes', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port, policy, gateway } = await startStage(started.map(({ instance }) => instance));
    const served = async (): Promise<string> => (await ask(port, { headers: ['x-new: 1'] })).body.toString();
    expect(await served()).toBe('served by stable');
    const before = gateway.status().policy.revision;
    policy.set({
      version: 1,
      lanes: { gray: {} },
      rules: [{ name: 'new', when: { fact: 'header.x-new', equals: '1' }, lane: 'gray' }],
    });
    expect(await served()).toBe('served by gray');
    expect(gateway.status().policy.revision).not.toBe(before);
  });

  it('that is bad changes nothing, and the status says why', async () => {
    const started = await Promise.all([startInstance('stable'), startInstance('gray')]);
    const { port, policy, gateway } = await startStage(started.map(({ instance }) => instance));
    const { revision } = gateway.status().policy;
    policy.set({ version: 1, lanes: {}, rules: [{ name: 'x', lane: 'unheard-of' }] });
    const status = gateway.status();
    expect(status).toMatchObject({ ready: true, policy: { revision, refused: { code: 'GL_POLICY_INVALID' } } });
    expect(status.policy.refused?.issues.map(({ path }) => path)).toContain('rules[0].lane');
    expect((await ask(port, { headers: ['x-tester: 1'] })).body.toString()).toBe('served by gray');
    policy.set(POLICY);
    expect(gateway.status().policy.refused).toBeUndefined();
  });

  it('does not change the lane of a request that is under way', async () => {
    let answer = (): void => {};
    const { instance } = await startHandler((_, response) => {
      answer = () => response.end('late');
    }, 'gray');
    const { port, policy, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\nx-tester: 1\r\n\r\n');
    await eventually(() => answer.length === 0 && answer.toString().includes('late'));
    policy.set({ version: 1, lanes: {}, rules: [] });
    answer();
    expect((await wire.answer()).body.toString()).toBe('late');
    expect(await record()).toMatchObject({ decision: { lane: 'gray' }, status: 200 });
  });
});

describe('a gateway that is closed', () => {
  it('is not ready, answers on for the drain time with Connection: close, and then stops listening', async () => {
    const { instance } = await startInstance('stable', (_, response) => {
      response.writeHead(200, ['set-cookie', 'a=1', 'set-cookie', 'b=2']);
      response.end('ok');
    });
    const { gateway, port } = await startStage([instance]);
    const kept = await connect(port);
    expect(valuesOf((await kept.send(GET).answer()).lines, 'connection')).toEqual(['keep-alive']);
    const closing = gateway.close({ drainMs: 300 });
    expect(gateway.status()).toMatchObject({ ready: false, draining: true });
    for (const wire of [kept, await connect(port)]) {
      const { status, lines } = await wire.send(GET).answer();
      expect([status, ...valuesOf(lines, 'connection')]).toEqual([200, 'close']);
      expect(valuesOf(lines, 'set-cookie')).toEqual(['a=1', 'b=2']);
      await eventually(() => wire.closed);
    }
    await closing;
    expect(await refuses(port)).toBe(true);
  });

  it('lets requests under way end, tells their clients that it is the last answer, and waits for no idle client', async () => {
    const answers: (() => void)[] = [];
    const { instance } = await startHandler((_, response) => answers.push(() => response.end('late')));
    const { gateway, port, record } = await startStage([instance]);
    const [busy, begun, idle] = [await connect(port), await connect(port), await connect(port)];
    busy.send(GET);
    begun.send('POST / HTTP/1.1\r\nHost: shop\r\ncontent-length: 5\r\n\r\nhe');
    await eventually(() => answers.length === 2);
    const closing = gateway.close();
    await eventually(() => !gateway.server.listening);
    expect(await refuses(port)).toBe(true);
    begun.send('llo');
    for (const answer of answers) answer();
    for (const wire of [busy, begun]) {
      const { body, lines } = await wire.answer();
      expect([body.toString(), ...valuesOf(lines, 'connection')]).toEqual(['late', 'close']);
    }
    await closing;
    await eventually(() => idle.closed);
    expect(await record(2)).toMatchObject({ status: 200, error: undefined });
  });

  it('lets a slow client read its answer to the end', async () => {
    const size = 32 * 1024 * 1024;
    let ended = false;
    const { instance } = await startHandler((_, response) => {
      response.end(Buffer.alloc(size));
      response.on('finish', () => {
        ended = true;
      });
    });
    const { gateway, port } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(GET);
    await eventually(() => wire.text.includes('content-length') || wire.text.includes('Content-Length'));
    wire.socket.pause();
    const closing = gateway.close();
    await eventually(() => !gateway.server.listening);
    wire.socket.resume();
    const { body } = await wire.answer();
    expect([body.length, ended]).toEqual([size, true]);
    await closing;
  });

  it('lets a slow client read what the instance has sent to its end already', async () => {
    const part = Buffer.alloc(32 * 1024);
    let sent = 0;
    let answer: ServerResponse | undefined;
    const { instance } = await startHandler((_, response) => {
      answer = response;
      response.writeHead(200, { connection: 'close' }).flushHeaders();
    });
    const { gateway, port, records } = await startStage([instance]);
    const connected = once(gateway.server, 'connection') as Promise<[Socket]>;
    const wire = await connect(port);
    const [socket] = await connected;
    wire.socket.pause();
    wire.send(GET);
    await eventually(() => answer !== undefined);
    while (socket.writableLength === 0) {
      answer?.write(part);
      sent += part.length;
      await eventually(() => socket.bytesWritten >= sent);
    }
    answer?.end();
    await once(answer as ServerResponse, 'close'); // so the gateway has all of it, and the client has not
    const closing = gateway.close();
    await eventually(() => !gateway.server.listening);
    expect(records).toEqual([]);
    wire.socket.resume();
    expect((await wire.answer()).body.length).toBe(sent);
    await closing;
  });

  it('breaks off what takes longer than it may', async () => {
    let arrived = false;
    const { instance } = await startHandler(() => {
      arrived = true;
    });
    const { gateway, port, record } = await startStage([instance]);
    const wire = await connect(port);
    wire.send(GET);
    await eventually(() => arrived);
    await gateway.close({ graceMs: 50 });
    await eventually(() => wire.closed);
    expect(await record()).toMatchObject({ pick: { load: { inFlight: 0 } } });
  });

  it('may be closed again, or before it listened', async () => {
    const { gateway } = await startStage([]);
    await Promise.all([gateway.close(), gateway.close()]);
    await gateway.close();
    const other = createGateway({ registry: memoryRegistry(), policy: memoryPolicy() });
    const listening = expect(other.listen(0)).rejects.toMatchObject({ code: 'GL_CLOSED' });
    await other.close();
    await listening;
  });

  it('leaves nothing behind that keeps a process alive', async () => {
    expect(await runProgram(GET)).toBe('answered 200, closed\n');
  });
});

it('a gateway reads requests strictly even in a process that is told not to', async () => {
  const both = 'POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  expect(await runProgram(both, '--insecure-http-parser')).toBe('answered 400, closed\n');
});

async function runProgram(request: string, ...flags: string[]): Promise<string> {
  const script = new URL('./program.ts', import.meta.url).pathname;
  const all = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning', ...flags, script, request];
  return (await promisify(execFile)(process.execPath, all, { timeout: 20_000 })).stdout;
}

describe('an error of the gateway itself', () => {
  it('is answered with 500 and logged, and the next request goes on', async () => {
    const { instance } = await startHandler((_request, response) => response.end('served'));
    const policy = memoryPolicy({ version: 1 });
    const current = policy.current.bind(policy);
    const exchanges: ExchangeRecord[] = [];
    const registry = memoryRegistry([instance]);
    const gateway = createGateway({
      registry,
      policy,
      onExchange: (exchange) => exchanges.push(exchange),
      routes: [{ service: instance.service }],
    });
    const { port } = await gateway.listen(0);
    try {
      policy.current = () => {
        throw new Error('broken');
      };
      expect((await ask(port, {})).status).toBe(500);
      policy.current = current;
      expect((await ask(port, {})).status).toBe(200);
      await eventually(() => exchanges.length === 2);
      expect(exchanges[0]).toMatchObject({
        status: 500,
        error: 'GL_INTERNAL',
        detail: expect.stringContaining('broken'),
      });
    } finally {
      await gateway.close();
    }
  });
});
