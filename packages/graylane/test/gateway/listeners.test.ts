import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { start } from '../run.ts';
import { makeCertificate } from './certificates.ts';
import { ask, askUntil, atEnd, filesWith, instancesFile, metric, startGateway, startInstance } from './stage.ts';

const SOURCES = 'admin: 0\nregistry: instances.yaml\npolicy: policy.yaml\nroutes: [{ service: cart }]\n';
const TLS = 'tls: { certificates: [{ cert: shop.crt, key: shop.key }] }';

const curl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('curl', ['--silent', '--show-error', '--max-time', '20', ...args])).stdout;

/** Says from whom a request is. */
const startEcho = () => startInstance(({ headers }, response) => response.end(`for ${headers['x-forwarded-for']}`));

/** Where a gateway says that it listens, and what it speaks there. */
function listenersIn(printed: string): readonly (readonly [scheme: string, port: string, words: string])[] {
  const found = printed.matchAll(/^(?:gateway)? +(https?):\/\/127\.0\.0\.1:(\d+) +(.+)$/gm);
  return [...found].map(([, scheme = '', port = '', words = '']) => [scheme, port, words]);
}

describe('a gateway whose configuration names listeners', () => {
  it.each([1, 2])(
    'speaks at each of them what it says, and tells so when it starts, with %s workers',
    async (workers) => {
      const path = filesWith({
        'instances.yaml': instancesFile(['stable', await startEcho()]),
        'gateway.yaml': `${SOURCES}workers: ${workers}
listen: 0
listeners:
  - { address: 0, ${TLS} }
  - { address: 0, http2: true }
  - { address: 0, proxyProtocol: { from: [127.0.0.0/8] }, limits: { connections: 5 } }
  - { address: 0, ${TLS}, http2: false, proxyProtocol: { from: [127.0.0.0/8] } }
`,
      });
      await makeCertificate(path, 'shop', 100);
      const { gateway } = await startGateway(path('gateway.yaml'), '--drain', '0');
      const listeners = listenersIn(gateway.printed.stderr);
      expect(listeners.map(([scheme, , words]) => [scheme, words])).toEqual([
        ['http', 'HTTP/1.1'],
        ['https', 'HTTP/2, HTTP/1.1'],
        ['http', 'HTTP/2, HTTP/1.1'],
        ['http', 'HTTP/1.1, PROXY protocol'],
        ['https', 'HTTP/1.1, PROXY protocol'],
      ]);
      const [plain = '', secure = '', h2c = '', proxied = '', both = ''] = listeners.map(([, port]) => port);
      const http = (port: string, ...args: string[]) => curl('-w', ' %{http_version}', ...args, `127.0.0.1:${port}`);
      const https = (port: string, ...args: string[]) => {
        const to = ['--cacert', path('shop.crt'), '--connect-to', `shop.test:443:127.0.0.1:${port}`];
        return curl('-w', ' %{http_version}', ...to, ...args, 'https://shop.test/');
      };
      expect(await http(plain)).toBe('for 127.0.0.1 1.1');
      expect(await https(secure, '--http2')).toBe('for 127.0.0.1 2');
      expect(await https(secure, '--http1.1')).toBe('for 127.0.0.1 1.1');
      expect(await http(h2c, '--http2-prior-knowledge')).toBe('for 127.0.0.1 2');
      expect(await http(proxied, '--haproxy-protocol')).toBe('for 127.0.0.1 1.1');
      expect(await https(both, '--haproxy-protocol', '--http2')).toBe('for 127.0.0.1 1.1');
      await expect(http(proxied)).rejects.toThrow('Empty reply');
      const told = connect(Number(proxied), '127.0.0.1');
      told.write(
        'PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      expect(await text(told)).toContain('for 192.0.2.7');
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
  );

  it('listens nowhere else when `listen` is not given', async () => {
    const path = filesWith({ 'instances.yaml': '[]', 'gateway.yaml': `${SOURCES}listeners: [{ address: 0 }]\n` });
    const { gateway, admin } = await startGateway(path('gateway.yaml'));
    expect(listenersIn(gateway.printed.stderr)).toHaveLength(1);
    expect(JSON.parse((await ask(`${admin}/status`)).body)).toMatchObject({ listeners: [{}] });
  });

  it('says in status and metrics when its certificate ends, and that the files cannot be used any more', async () => {
    const path = filesWith({
      'instances.yaml': '[]',
      'gateway.yaml': `${SOURCES}listeners: [{ address: 0, ${TLS} }]\n`,
    });
    await makeCertificate(path, 'shop', 100);
    const { admin, url } = await startGateway(path('gateway.yaml'));
    const { host } = new URL(url);
    const inDays = (at: number) => Math.round((at - Date.now()) / (24 * 60 * 60 * 1_000));
    const expiry = `graylane_gateway_certificate_expiry_seconds{listener="${host}",name="shop.test"}`;
    expect(inDays((await metric(admin, expiry)) * 1_000)).toBe(100);
    interface Status {
      readonly listeners: readonly { readonly tlsError?: string; readonly certificates: readonly object[] }[];
    }
    const { listeners } = JSON.parse((await ask(`${admin}/status`)).body) as Status;
    expect(listeners).toEqual([
      { address: host, certificates: [{ name: 'shop.test', expires: expect.stringMatching(/^\d{4}-.*Z$/) }] },
    ]);
    writeFileSync(path('shop.crt'), 'nothing');
    const bad = await askUntil<Status>(`${admin}/status`, (status) => status.listeners[0]?.tlsError !== undefined);
    expect(bad.listeners[0]?.tlsError).toContain('shop.crt');
    expect(await metric(admin, `graylane_gateway_tls_error{listener="${host}"}`)).toBe(1);
    await makeCertificate(path, 'shop', 200);
    await askUntil<Status>(`${admin}/status`, (status) => status.listeners[0]?.tlsError === undefined);
    expect(inDays((await metric(admin, expiry)) * 1_000)).toBe(200);
    expect(await metric(admin, `graylane_gateway_tls_error{listener="${host}"}`)).toBe(0);
  });

  it('does not start when a certificate cannot be used', async () => {
    const path = filesWith({
      'instances.yaml': '[]',
      'gateway.yaml': `${SOURCES}listeners: [{ address: 0, ${TLS} }]\n`,
    });
    const gateway = start(['gateway', '-c', path('gateway.yaml')]);
    atEnd(() => gateway.end('SIGKILL'));
    await gateway.until(/GL_CONFIG_INVALID: .*shop\.crt cannot be read/);
    expect(await gateway.end('SIGCONT')).toBe(2);
  });
});

it('instances that speak https are believed when `instanceCA` has signed for them, and only then', async () => {
  const path = filesWith({ 'gateway.yaml': `${SOURCES}listen: 0\ninstanceCA: cart.crt\n` });
  await makeCertificate(path, 'cart', 2);
  const files = { cert: readFileSync(path('cart.crt')), key: readFileSync(path('cart.key')) };
  const server = createServer(files, (_, response) => response.end('over TLS')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const metadata = { protocol: 'https', serverName: 'cart.test' };
  const instances = [{ service: 'cart', lane: 'stable', host: '127.0.0.1', port, metadata }];
  writeFileSync(path('instances.yaml'), JSON.stringify(instances));
  const { url } = await startGateway(path('gateway.yaml'));
  expect(await ask(url)).toEqual({ status: 200, body: 'over TLS' });
  writeFileSync(path('other.yaml'), `${SOURCES}listen: 0\n`);
  expect((await ask((await startGateway(path('other.yaml'))).url)).status).toBe(502);
});
