import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Instance } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { createAuthority, temporary } from './inbound/listening.ts';
import { atEnd, eventually, instanceAt, startInstance, startStage } from './stage.ts';
import { ask, connect } from './wire.ts';

interface Secure {
  readonly instance: Instance;
  readonly server: Server;
  readonly ca: Buffer;
  /** The names that clients asked for. */
  readonly names: (string | false)[];
}

/** Starts an instance that speaks HTTP/1.1 over TLS, with a certificate for one name. */
async function startSecure(name: string, lane = 'stable'): Promise<Secure> {
  const authority = await createAuthority(await temporary());
  const files = await authority.issue('instance', name);
  const [cert, key, ca] = await Promise.all([files.cert, files.key, authority.ca].map((path) => readFile(path)));
  const names: Secure['names'] = [];
  const server = createServer({ cert, key }, async (request, response) => {
    names.push((request.socket as TLSSocket & { servername: string | false }).servername);
    let length = 0;
    for await (const chunk of request) length += (chunk as Buffer).length;
    response.end(`${request.headers.host} ${request.url} ${length} by ${lane}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  atEnd(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const metadata = { protocol: 'https', serverName: 'shop.internal' };
  return { instance: { ...instanceAt(port, lane), metadata }, server, ca: ca as Buffer, names };
}

describe('an instance that wants TLS', () => {
  it('is asked for the name that it was registered with, and its certificate is verified', async () => {
    const { instance, ca, names } = await startSecure('shop.internal');
    const { port } = await startStage([instance], { instanceCA: [ca] });
    const answer = await ask(port, { method: 'POST', target: '/a?b', body: 'x'.repeat(100_000) });
    expect(answer.body.toString()).toBe('shop /a?b 100000 by stable');
    expect((await ask(port, {})).status).toBe(200);
    expect(names).toEqual(['shop.internal', 'shop.internal']);
  });

  it('is not spoken to when its certificate is another name’s, or of an authority that is not known', async () => {
    const other = await startSecure('other.internal');
    const unknown = await startSecure('shop.internal');
    for (const [instance, ca] of [
      [other.instance, other.ca],
      [unknown.instance, other.ca],
    ] as const) {
      const { port, record } = await startStage([instance], { instanceCA: [ca] });
      expect((await ask(port, {})).status).toBe(502);
      expect(await record()).toMatchObject({
        error: 'GL_UPSTREAM_CONNECT',
        detail: expect.stringMatching(/certificate/i),
      });
    }
    expect([...other.names, ...unknown.names]).toEqual([]);
  });

  it('stands beside one that does not: each lane is reached as it wants', async () => {
    const secure = await startSecure('shop.internal', 'gray');
    const plain = await startInstance('stable');
    const { port } = await startStage([secure.instance, plain.instance], { instanceCA: [secure.ca] });
    expect((await ask(port, { headers: ['x-tester: 1'] })).body.toString()).toBe('shop / 0 by gray');
    expect((await ask(port, {})).body.toString()).toBe('served by stable');
  });

  it('may take the connection over', async () => {
    const { instance, ca, server } = await startSecure('shop.internal');
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    const { port } = await startStage([instance], { instanceCA: [ca] });
    const wire = await connect(port);
    wire.send('GET / HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello');
    await eventually(() => wire.text.endsWith('\r\n\r\nhello'));
    expect(wire.text).toMatch(/^HTTP\/1\.1 101 /);
    wire.socket.destroy();
  });
});
