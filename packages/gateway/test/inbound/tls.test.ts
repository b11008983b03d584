import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { type ConnectionOptions, connect as connectTLS, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { GATEWAY_LIMITS } from '../../src/gateway.ts';
import { createListener } from '../../src/inbound/listener.ts';
import { atEnd, eventually, startInstance } from '../stage.ts';
import { connect, valuesOf } from '../wire.ts';
import { askHttp2, openSession } from './http2-client.ts';
import { createAuthority, curl, startListening, temporary } from './listening.ts';

/** What `openssl s_client` tells of a handshake. */
async function handshake(port: number, ...args: string[]): Promise<string> {
  const child = promisify(execFile)('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  child.child.stdin?.end();
  return child.then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ stdout, stderr }) => stdout + stderr,
  );
}

/** The names of the certificate that a client is shown who asks for this host. */
async function shownTo(port: number, servername?: string): Promise<string | undefined> {
  const options: ConnectionOptions = { port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket: TLSSocket = connectTLS({ ...options, ...(servername !== undefined && { servername }) });
  await once(socket, 'secureConnect');
  const { subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

describe('a listener with TLS', () => {
  it('speaks HTTP/2 with those who want it, and HTTP/1.1 with all others', async () => {
    const { instance, received } = await startInstance();
    const authority = await createAuthority(await temporary());
    const { at } = await startListening([instance], { tls: { certificates: [await authority.issue('shop', 'shop')] } });
    const args = ['--cacert', authority.ca, '--connect-to', `shop:443:127.0.0.1:${at}`, '-w', ' %{http_version}'];
    expect(await curl('--http2', ...args, 'https://shop/')).toBe('served by stable 2');
    expect(await curl('--http1.1', ...args, 'https://shop/')).toBe('served by stable 1.1');
    expect(await curl('--no-alpn', ...args, 'https://shop/')).toBe('served by stable 1.1');
    expect(received).toHaveLength(3);
    const session = openSession(at, { rejectUnauthorized: false }, 'https');
    expect((await askHttp2(session, { ':method': 'POST' }, 'x'.repeat(100_000))).status).toBe(200);
  });

  it('chooses the protocol by ALPN, h2 first, and has none with those who want another', async () => {
    const authority = await createAuthority(await temporary());
    const certificates = [await authority.issue('shop', 'shop')];
    const { at } = await startListening([], { tls: { certificates } });
    expect(await handshake(at, '-alpn', 'http/1.1,h2')).toContain('ALPN protocol: h2');
    expect(await handshake(at, '-alpn', 'http/1.1')).toContain('ALPN protocol: http/1.1');
    expect(await handshake(at)).toContain('No ALPN negotiated');
    expect(await handshake(at, '-alpn', 'spdy/3')).toContain('no application protocol');
    const { at: plain } = await startListening([], { tls: { certificates }, http2: false });
    expect(await handshake(plain, '-alpn', 'h2,http/1.1')).toContain('ALPN protocol: http/1.1');
  });

  it('speaks TLS 1.2 and 1.3 only, or 1.3 only', async () => {
    const authority = await createAuthority(await temporary());
    const certificates = [await authority.issue('shop', 'shop')];
    const { at } = await startListening([], { tls: { certificates } });
    const { at: newest } = await startListening([], { tls: { certificates, minVersion: 'TLSv1.3' } });
    const weak = ['-cipher', 'ALL:@SECLEVEL=0'];
    expect(await handshake(at, '-tls1_1', ...weak)).not.toMatch(/New, TLSv1/);
    expect(await handshake(at, '-tls1_2')).toMatch(/New, TLSv1\.2/);
    expect(await handshake(at, '-tls1_3')).toMatch(/New, TLSv1\.3/);
    expect(await handshake(newest, '-tls1_2')).not.toMatch(/New, TLSv1/);
  });

  it('shows the certificate of the host that is asked for, by name, by wildcard, or else the first', async () => {
    const authority = await createAuthority(await temporary());
    const certificates = [
      await authority.issue('first', 'first.test'),
      await authority.issue('wild', '*.shop.test', 'shop.test'),
      await authority.issue('exact', 'www.shop.test'),
    ];
    const { at } = await startListening([], { tls: { certificates } });
    const shown = [
      'first.test',
      'shop.test',
      'www.shop.test',
      'WWW.shop.test',
      'a.shop.test',
      'a.b.shop.test',
      'x.test',
    ];
    expect(await Promise.all([...shown, undefined].map((host) => shownTo(at, host)))).toEqual([
      'DNS:first.test',
      'DNS:*.shop.test, DNS:shop.test',
      'DNS:www.shop.test',
      'DNS:www.shop.test',
      'DNS:*.shop.test, DNS:shop.test',
      'DNS:first.test',
      'DNS:first.test',
      'DNS:first.test',
    ]);
  });

  it('takes new certificates as their files change, and keeps the old ones while those cannot be used', async () => {
    const authority = await createAuthority(await temporary());
    const [old, other] = [await authority.issue('old', 'old.test'), await authority.issue('other', 'other.test')];
    const shown = { cert: `${old.cert}.shown`, key: `${old.key}.shown` };
    await copyFile(old.cert, shown.cert);
    await copyFile(old.key, shown.key);
    const tls = { certificates: [shown], pollMs: 20 };
    const listener = createListener({ tls }, GATEWAY_LIMITS, { request: (_, response) => response.end() });
    atEnd(() => listener.close());
    const { port } = await listener.listen(0);
    expect(await shownTo(port)).toBe('DNS:old.test');

    await truncate(shown.cert, 100);
    await eventually(() => listener.tlsError !== undefined);
    expect(listener.tlsError).toMatchObject({
      code: 'GL_CONFIG_INVALID',
      message: expect.stringContaining(shown.cert),
    });
    expect(await shownTo(port)).toBe('DNS:old.test');

    await writeFile(shown.cert, await readFile(other.cert)); // whole, but the key is still the old one
    await eventually(() => listener.tlsError?.message.includes('mismatch') ?? false);
    expect(await shownTo(port, 'other.test')).toBe('DNS:old.test');

    await rename(other.key, shown.key);
    await eventually(() => listener.tlsError === undefined);
    expect([await shownTo(port), await shownTo(port, 'other.test')]).toEqual(['DNS:other.test', 'DNS:other.test']);
  });

  it.each([
    [
      'is missing',
      async () => ({ cert: '/nowhere/shop.crt', key: '/nowhere/shop.key' }),
      '/nowhere/shop.crt cannot be read',
    ],
    [
      'is none',
      async (directory: string) => {
        const path = `${directory}/text`;
        await writeFile(path, 'hello');
        return { cert: path, key: path };
      },
      'are no certificate with its key',
    ],
    [
      'has another key',
      async (directory: string) => {
        const authority = await createAuthority(directory);
        const { cert } = await authority.issue('a', 'a');
        return { cert, key: (await authority.issue('b', 'b')).key };
      },
      'mismatch',
    ],
  ])('is not begun with a certificate that %s', async (_, make, message) => {
    const certificates = [await make(await temporary())];
    expect(() => createListener({ tls: { certificates } }, GATEWAY_LIMITS, { request: () => {} })).toThrow(message);
  });

  it('lets in only clients with a certificate of an authority, where one is named', async () => {
    const { instance } = await startInstance();
    const directory = await temporary();
    const authority = await createAuthority(directory);
    const certificates = [await authority.issue('shop', 'shop')];
    const client = await authority.issue('client', 'client');
    const strangers = await createAuthority(await temporary());
    const stranger = await strangers.issue('stranger', 'stranger');
    const { at, records } = await startListening([instance], { tls: { certificates, clientCA: authority.ca } });
    const optional = { certificates, clientCA: authority.ca, clientOptional: true };
    const { at: open } = await startListening([instance], { tls: optional });
    const to = (port: number) => [
      '--cacert',
      authority.ca,
      '--connect-to',
      `shop:443:127.0.0.1:${port}`,
      'https://shop/',
    ];
    expect(await curl('--cert', client.cert, '--key', client.key, ...to(at))).toBe('served by stable');
    await expect(curl(...to(at))).rejects.toThrow();
    await expect(curl('--cert', stranger.cert, '--key', stranger.key, ...to(at))).rejects.toThrow();
    expect(records).toHaveLength(1);
    expect(await curl(...to(open))).toBe('served by stable');
  });

  it('ends a connection on which hands are not shaken in time, or on which somebody speaks without TLS', async () => {
    const authority = await createAuthority(await temporary());
    const certificates = [await authority.issue('shop', 'shop')];
    const { at, gateway } = await startListening([], { tls: { certificates, handshakeMs: 100 } });
    const [silent, plain] = [await connect(at), await connect(at)];
    plain.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    await eventually(() => silent.closed && plain.closed);
    expect(gateway.status().ready).toBe(true);
  });

  it('tells the instance nothing else than without TLS, and closes with the gateway', async () => {
    const { instance, received } = await startInstance();
    const authority = await createAuthority(await temporary());
    const { at, gateway } = await startListening([instance], {
      tls: { certificates: [await authority.issue('shop', 'shop')] },
    });
    const socket = connectTLS({ port: at, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write('GET / HTTP/1.1\r\nHost: shop\r\nx-forwarded-for: 192.0.2.1\r\n\r\n');
    await once(socket, 'data');
    expect(valuesOf(received[0]?.lines ?? [], 'x-forwarded-for')).toEqual(['127.0.0.1']);
    const closed = once(socket, 'close');
    await gateway.close();
    await closed;
  });
});
