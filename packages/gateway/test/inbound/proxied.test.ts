import { describe, expect, it } from '@jest/globals';
import { eventually, startInstance } from '../stage.ts';
import { connect, valuesOf } from '../wire.ts';
import { createAuthority, curl, LOOPBACK, startListening, temporary } from './listening.ts';
import { v2 } from './proxy-header.ts';

const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';
const LINE = 'PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\r\n';
const PROXIED = { proxyProtocol: { from: LOOPBACK } };

describe('behind a proxy that speaks the PROXY protocol', () => {
  it.each([
    ['1', Buffer.from(LINE), '192.0.2.7'],
    ['2', v2(0x21, 0x11, Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0, 80, 0, 80])), '192.0.2.7'],
    ['2, about itself', v2(0x20, 0, Buffer.alloc(0)), '127.0.0.1'],
  ])(
    'the client’s address is the one that it tells, and headers may be split anywhere: version %s',
    async (_, header, ip) => {
      const { instance, received } = await startInstance();
      const { at, records } = await startListening([instance], PROXIED);
      const bytes = Buffer.concat([header, Buffer.from(GET)]);
      for (const cut of [0, 1, 5, 12, 15, header.length - 1, header.length, header.length + 3]) {
        const wire = await connect(at);
        wire.send(bytes.subarray(0, cut));
        await new Promise((resolve) => setImmediate(resolve));
        expect((await wire.send(bytes.subarray(cut)).answer()).status).toBe(200);
      }
      await eventually(() => records.length === 8);
      expect(new Set(records.map((record) => record.ip))).toEqual(new Set([ip]));
      expect(new Set(received.flatMap(({ lines }) => valuesOf(lines, 'x-forwarded-for')))).toEqual(new Set([ip]));
    },
  );

  it('a second request of the connection is from the same client', async () => {
    const { instance } = await startInstance();
    const { at, record } = await startListening([instance], PROXIED);
    const wire = await connect(at);
    wire.send(LINE + GET + GET);
    expect([(await wire.answer()).status, (await wire.answer()).status]).toEqual([200, 200]);
    expect(await record(2)).toMatchObject({ ip: '192.0.2.7' });
  });

  it.each([
    ['no header', GET],
    ['a header that is none', 'PROXY TCP4 nobody 198.51.100.1 8080 443\r\n'],
  ])('a connection with %s ends without an answer', async (_, bytes) => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], PROXIED);
    const wire = await connect(at);
    wire.send(bytes);
    await eventually(() => wire.closed);
    expect([wire.text, received]).toEqual(['', []]);
  });

  it('a connection that does not say in time whom it is from ends', async () => {
    const { at } = await startListening([], PROXIED, { limits: { headersMs: 100 } });
    const wire = await connect(at);
    wire.send('PROXY ');
    await eventually(() => wire.closed);
  });

  it('nobody else is believed: such a line is no request', async () => {
    const { instance, received } = await startInstance();
    const { at } = await startListening([instance], { proxyProtocol: { from: [] } });
    const wire = await connect(at);
    expect((await wire.send(LINE + GET).answer()).status).toBe(400);
    expect(received).toEqual([]);
  });

  it('curl gets through, over TLS and HTTP/2 as well, and its address is the one that it tells', async () => {
    const { instance } = await startInstance();
    const directory = await temporary();
    const authority = await createAuthority(directory);
    const tls = { certificates: [await authority.issue('shop', 'shop')] };
    const { at, record } = await startListening([instance], { ...PROXIED, tls });
    const args = ['--haproxy-protocol', '--cacert', authority.ca, '--connect-to', `shop:443:127.0.0.1:${at}`];
    expect(await curl(...args, '--http2', '-w', ' %{http_version}', 'https://shop/')).toBe('served by stable 2');
    expect(await curl(...args, '--http1.1', '-w', ' %{http_version}', 'https://shop/')).toBe('served by stable 1.1');
    expect(await record(2)).toMatchObject({ ip: '127.0.0.1' });
  });

  it('the address that it tells is also that of a request over TLS', async () => {
    const { instance } = await startInstance();
    const authority = await createAuthority(await temporary());
    const tls = { certificates: [await authority.issue('shop', 'shop')] };
    const { at, records } = await startListening([instance], { ...PROXIED, tls });
    const { connect: connectTLS } = await import('node:tls');
    for (const protocol of ['http/1.1']) {
      const wire = await connect(at);
      wire.send(LINE);
      wire.socket.removeAllListeners('data');
      const secure = connectTLS({
        socket: wire.socket,
        servername: 'shop',
        ALPNProtocols: [protocol],
        rejectUnauthorized: false,
      });
      secure.write(GET);
    }
    await eventually(() => records.length === 1);
    expect(records[0]).toMatchObject({ ip: '192.0.2.7', status: 200 });
  });
});
