import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Instance, isGraylaneError } from '@graylane/core';
import { keepRegistry, memoryRegistry, type Registry, type RegistrySink } from '@graylane/sources';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type AnnounceOptions, announce } from '../src/announce.ts';
import type { How } from './programs/announced.ts';
import { startProgram } from './run-program.ts';

const OWNER = { service: 'orders', lane: 'gray' };
const QUIET: AnnounceOptions = { signals: [], drainMs: 0 };

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
const opening = <Item extends { close(): unknown }>(item: Item): Item => {
  opened.push(item);
  return item;
};

const listening = async (...where: [port: number, host: string] | [path: string]): Promise<Server> => {
  const server = opening(createServer());
  await new Promise<void>((resolve) => server.listen(...(where as [number, string]), resolve));
  return server;
};
const portOf = (server: Server): number => (server.address() as { port: number }).port;
const inRegistry = (registry: Registry): readonly Instance[] => registry.snapshot().services.get('orders') ?? [];

describe('announce', () => {
  it('registers the address of a server that listens on one, with the lane of its router', async () => {
    const registry = opening(memoryRegistry());
    const server = await listening(0, '127.0.0.1');
    const options = { ...QUIET, zone: 'z1', weight: 3, metadata: { team: 't', lane: 'not this' } };
    const { instance } = await announce(OWNER, registry, server, options);
    expect(instance).toEqual({
      id: `127.0.0.1:${portOf(server)}`,
      service: 'orders',
      host: '127.0.0.1',
      port: portOf(server),
      lane: 'gray',
      weight: 3,
      zone: 'z1',
      state: 'ready',
      metadata: { team: 't', lane: 'gray', pid: String(process.pid) },
    });
    expect(inRegistry(registry)).toEqual([instance]);
  });

  it('waits for a server that does not listen yet', async () => {
    const registry = opening(memoryRegistry());
    const server = opening(createServer());
    const announcing = announce(OWNER, registry, server, QUIET);
    server.listen(0, '127.0.0.1');
    expect((await announcing).instance.port).toBe(portOf(server));
  });

  it('rejects when the server cannot listen', async () => {
    const taken = await listening(0, '127.0.0.1');
    const server = createServer();
    const announcing = announce(OWNER, opening(memoryRegistry()), server, QUIET);
    server.listen(portOf(taken), '127.0.0.1');
    await expect(announcing).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each(['0.0.0.0', '::'])('gives an address of the machine for a server that listens on all of %s', async (host) => {
    const { instance } = await announce(OWNER, opening(memoryRegistry()), await listening(0, host), QUIET);
    const own = Object.values(networkInterfaces())
      .flat()
      .map((each) => each?.address);
    expect(own).toContain(instance.host);
    expect(instance.host).not.toBe(host);
  });

  it('puts an IPv6 address in brackets where a port follows', async () => {
    const server = await listening(0, '::1');
    const { instance } = await announce(OWNER, opening(memoryRegistry()), server, QUIET);
    expect(instance).toMatchObject({ host: '::1', id: `[::1]:${portOf(server)}` });
  });

  it('takes the host and the port that are given, as behind a port mapping', async () => {
    const given = { host: 'orders-1.internal', port: 80 };
    const server = await listening(0, '127.0.0.1');
    const { instance } = await announce(OWNER, opening(memoryRegistry()), server, { ...QUIET, ...given });
    expect(instance).toMatchObject({ ...given, id: 'orders-1.internal:80' });
  });

  it('refuses a server on a socket file unless host and port are given', async () => {
    const server = await listening(join(tmpdir(), `graylane-${process.pid}-${Date.now()}.sock`));
    const registry = opening(memoryRegistry());
    const refused: unknown = await announce(OWNER, registry, server, QUIET).catch((error: unknown) => error);
    expect(isGraylaneError(refused, 'GL_CONFIG_INVALID')).toBe(true);
    const { instance } = await announce(OWNER, registry, server, { ...QUIET, host: 'proxy', port: 443 });
    expect(instance.id).toBe('proxy:443');
  });

  it('leaving takes the instance out of the registry, stops the server, and happens once', async () => {
    const registry = opening(memoryRegistry());
    const server = await listening(0, '127.0.0.1');
    const states: string[] = [];
    const { leave } = await announce(OWNER, registry, server, QUIET);
    registry.subscribe(() => states.push(inRegistry(registry)[0]?.state ?? 'gone'));
    await Promise.all([leave(), leave()]);
    await leave();
    expect(states).toEqual(['draining', 'gone']);
    expect(server.listening).toBe(false);
  });

  it('goes on without a registry that is away, and is in it when it comes', async () => {
    const entries: Instance[] = [];
    let away = true;
    const there = Promise.withResolvers<void>();
    let sink: RegistrySink | undefined;
    const registry = opening(
      keepRegistry(
        {
          name: 'away',
          watch: (to, signal) => {
            sink = to;
            if (!away) to.sync(entries);
            return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
          },
          announcer: {
            put: async (instance) => {
              if (away) throw new Error('the registry is away');
              entries.push(instance);
              sink?.sync(entries);
              there.resolve();
              return {};
            },
            renew: async () => 'ok',
            remove: async () => {},
          },
        },
        { random: () => 0 },
      ),
    );
    const { instance } = await announce(OWNER, registry, await listening(0, '127.0.0.1'), QUIET);
    expect(inRegistry(registry)).toEqual([]);
    expect(registry.status().error?.message).toBe('the registry is away');
    away = false;
    await there.promise;
    expect(inRegistry(registry)).toEqual([instance]);
  });
});

describe('on SIGTERM', () => {
  /** Runs the program and sends it the request that it waits for, over a connection that the client keeps. */
  const run = async (how: How) => {
    const agent = new Agent({ keepAlive: true });
    const program = startProgram('announced', { input: { how } });
    const lines: string[] = [];
    let answer: Promise<string> = Promise.resolve('');
    for await (const line of createInterface(program.stdout)) {
      const port = /^announced at (\d+)$/.exec(line)?.[1];
      if (port === undefined) lines.push(line);
      else answer = get(`http://127.0.0.1:${port}/`, agent).catch(() => 'broken off');
    }
    const end = program.exitCode ?? program.signalCode ?? (await once(program, 'exit')).find((each) => each !== null);
    agent.destroy();
    return { lines, answer: await answer, stderr: await text(program.stderr), end };
  };
  const LINES = ['the registry sees ready', 'the registry sees draining', 'the registry sees gone'];

  it('an instance drains, deregisters, ends the request under way, and dies of the signal', async () => {
    expect(await run('plain')).toEqual({ lines: LINES, answer: 'a slow answer', stderr: '', end: 'SIGTERM' });
  });

  it('the death is left to a listener of the program', async () => {
    const lines = [...LINES, 'left, no longer listening'];
    expect(await run('own listener')).toEqual({ lines, answer: 'a slow answer', stderr: '', end: 7 });
  });

  it('a second signal ends the process at once, as it would have without us', async () => {
    expect(await run('told twice')).toMatchObject({
      lines: LINES.slice(0, 2),
      answer: 'broken off',
      end: 'SIGTERM',
    });
  });

  it('nothing happens before the process dies when no signals are wanted', async () => {
    expect(await run('no signals')).toMatchObject({
      lines: LINES.slice(0, 1),
      answer: 'broken off',
      end: 'SIGTERM',
    });
  });
});

async function get(url: string, agent: Agent): Promise<string> {
  const [response] = (await once(request(url, { agent }).end(), 'response')) as [IncomingMessage];
  return text(response);
}
