import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inNetwork, parseIP, parseNetwork } from '../src/ip.ts';

describe('addresses', () => {
  it.each<[string, number[]]>([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['203.0.113.9', [203, 0, 113, 9]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['::ffff:203.0.113.9', [203, 0, 113, 9]],
    ['::FFFF:cb00:7109', [203, 0, 113, 9]],
    ['0:0:0:0:0:ffff:1.2.3.4', [1, 2, 3, 4]],
    ['::', new Array(16).fill(0)],
    ['::1', [...new Array(15).fill(0), 1]],
    ['2001:db8::1', [0x20, 1, 0x0d, 0xb8, ...new Array(11).fill(0), 1]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['1::', [0, 1, ...new Array(14).fill(0)]],
    ['::1.2.3.4', [...new Array(12).fill(0), 1, 2, 3, 4]],
    ['64:ff9b::1.2.3.4', [0, 0x64, 0xff, 0x9b, ...new Array(8).fill(0), 1, 2, 3, 4]],
  ])('%s', (text, bytes) => {
    expect(parseIP(text)).toEqual(bytes);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.04',
    '0x1.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1..2.3',
    '-1.2.3.4',
    '1e1.2.3.4',
    ':',
    ':::',
    '1:2',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::1::',
    '12345::',
    'g::',
    '::1%eth0',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1:2:3:4:5:6:7:8',
    '1:',
    ':1',
    '::ffff:1.2.3.4.5',
    '::ffff:01.2.3.4',
    '１.2.3.4',
  ])('%j is no address', (text) => {
    expect(parseIP(text)).toBeUndefined();
  });

  it('agrees with Node.js on what an address is', () => {
    const piece = fc.constantFrom('1', '255', '256', '0', '00', 'ffff', ':', '::', '.', '1.2.3.4', 'g');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
          fc.ipV4(),
          fc.ipV6(),
        ),
        (text) => {
          expect(parseIP(text) !== undefined).toBe(isIP(text) !== 0);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('networks', () => {
  it.each<[string, string, boolean]>([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['192.168.1.128/25', '192.168.1.128', true],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['192.0.2.7/32', '::ffff:192.0.2.7', true],
    ['::ffff:192.0.2.0/120', '192.0.2.200', true],
    ['::ffff:0:0/96', '192.0.2.200', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['::1', '::1', true],
  ])('is %s the network of %s? %s', (network, address, expected) => {
    const parsed = parseNetwork(network);
    const bytes = parseIP(address);
    expect(parsed && bytes && inNetwork(bytes, parsed)).toBe(expected);
  });

  it.each([
    '',
    '/',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.1/8',
    '10.0.0.0/ 8',
    '10.0.0/8',
    '2001:db8::/129',
    '2001:db8::1/32',
    '::ffff:10.0.0.0/95',
    '10.0.0.0/1e1',
  ])('%j is no network', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('a network holds exactly the addresses that share its prefix', () => {
    const number = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
        fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
        fc.nat(32),
        (base, other, bits) => {
          const size = 2 ** (32 - bits);
          const start = Math.floor(number(base) / size) * size;
          const first = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
          const network = parseNetwork(`${first.join('.')}/${bits}`);
          expect(network).toBeDefined();
          if (!network) return;
          expect(inNetwork(base, network)).toBe(true);
          expect(inNetwork(other, network)).toBe(number(other) >= start && number(other) < start + size);
        },
      ),
    );
  });
});
