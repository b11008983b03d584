import { type GraylaneError, parseNetwork } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { parseGatewayConfig } from '../../src/config/config.ts';

const LEAST = { registry: 'file:instances.yaml', policy: 'policy.yaml' };
const TLS = { certificates: [{ cert: 'shop.crt', key: 'shop.key' }] };

/** The mistakes as `path: message`. */
function mistakesIn(fields: object): string[] {
  try {
    parseGatewayConfig({ ...LEAST, ...fields });
  } catch (error) {
    return (error as GraylaneError).issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const places = (fields: object): string[] => mistakesIn(fields).map((mistake) => mistake.split(':', 1)[0] as string);

describe('listeners in the configuration', () => {
  it('say where and how', () => {
    const { listen, listeners } = parseGatewayConfig(`
registry: instances.yaml
policy: policy.yaml
listeners:
  - address: 0.0.0.0:8443
    tls:
      certificates: [{ cert: shop.crt, key: shop.key }]
      clientCA: clients.pem
      clientOptional: true
      minVersion: TLSv1.3
      handshakeMs: 5000
    http2: false
    proxyProtocol: { from: [10.0.0.0/8] }
    limits: { connections: 9, connectionsPerAddress: 3, bodyBytesPerSecond: 1, streams: 7, idleMs: 6, probeMs: 5, resets: 4, resetsPerSecond: 2 }
    reusePort: true
  - { address: "[::1]:80" }
`);
    expect(listen).toBeUndefined();
    expect(listeners).toEqual([
      {
        host: '0.0.0.0',
        port: 8443,
        tls: { ...TLS, clientCA: 'clients.pem', clientOptional: true, minVersion: 'TLSv1.3', handshakeMs: 5_000 },
        http2: false,
        proxyProtocol: { from: [parseNetwork('10.0.0.0/8')] },
        limits: {
          connections: 9,
          connectionsPerAddress: 3,
          bodyBytesPerSecond: 1,
          streams: 7,
          idleMs: 6,
          probeMs: 5,
          resets: 4,
          resetsPerSecond: 2,
        },
        reusePort: true,
      },
      { host: '::1', port: 80 },
    ]);
  });

  it('stand beside `listen` when that is given too', () => {
    const config = parseGatewayConfig({ ...LEAST, listen: 80, listeners: [{ address: 8443, tls: TLS }] });
    expect([config.listen?.port, config.listeners?.[0]?.port]).toEqual([80, 8443]);
    expect(parseGatewayConfig(LEAST).listen).toEqual({ host: '127.0.0.1', port: 8080 });
  });

  it('tell all their mistakes at once, each with its path', () => {
    const listeners = [
      {},
      { adress: 80, address: 'x' },
      {
        address: 1,
        tls: {
          certificates: [{ cert: 'a' }, { cert: 1, key: 'b', ca: 'c' }],
          minVersion: 'TLSv1',
          clientOptional: true,
          handshakeMs: 0,
        },
        http2: 'yes',
        proxyProtocol: { from: ['everybody'] },
        limits: { connections: 0, idleMs: 2 ** 31, speed: 1 },
        reusePort: 1,
      },
      { address: 2, tls: {}, proxyProtocol: {} },
      { address: 3, tls: { certificates: [] }, proxyProtocol: { from: [] } },
    ];
    const at = 'listeners[2]';
    expect(places({ listeners }).toSorted()).toEqual(
      [
        ...['listeners[0].address', 'listeners[1].adress', 'listeners[1].address'],
        ...[`${at}.tls.certificates[0].key`, `${at}.tls.certificates[1].ca`, `${at}.tls.certificates[1].cert`],
        ...[`${at}.tls.minVersion`, `${at}.tls.clientOptional`, `${at}.tls.handshakeMs`, `${at}.http2`],
        ...[`${at}.proxyProtocol.from[0]`, `${at}.limits.connections`, `${at}.limits.idleMs`, `${at}.limits.speed`],
        ...[`${at}.reusePort`, 'listeners[3].tls.certificates', 'listeners[3].proxyProtocol.from'],
        ...['listeners[4].tls.certificates', 'listeners[4].proxyProtocol.from'],
      ].toSorted(),
    );
    expect(mistakesIn({ listeners })).toContain(
      `${at}.tls.clientOptional: needs the authorities of client certificates: give clientCA: clients.pem`,
    );
  });

  it.each([[[]], [{}], [null], ['8080']])('are not %j', (listeners) => {
    expect(mistakesIn({ listeners })).toHaveLength(1);
  });

  it('have each an address of its own, unless the system chooses the port', () => {
    expect(
      mistakesIn({ listen: 80, listeners: [{ address: '127.0.0.1:80' }, { address: 81 }, { address: 81 }] }),
    ).toEqual([
      'listeners[0].address: is that of another listener: name another',
      'listeners[2].address: is that of another listener: name another',
    ]);
    expect(mistakesIn({ listen: 0, listeners: [{ address: 0 }, { address: '0.0.0.0:0' }] })).toEqual([]);
  });

  it('do not share their address with others when workers share it', () => {
    expect(mistakesIn({ workers: 2, listeners: [{ address: 80, reusePort: true }] })).toEqual([
      'workers: share one socket already: leave reusePort out',
    ]);
  });
});

it('the authorities of instances are a file', () => {
  expect(parseGatewayConfig({ ...LEAST, instanceCA: 'ca.pem' }).instanceCA).toBe('ca.pem');
  expect(places({ instanceCA: 7 })).toEqual(['instanceCA']);
});
