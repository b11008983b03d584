import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from '../../src/inbound/crc32c.ts';
import { readProxyHeader } from '../../src/inbound/proxy-protocol.ts';
import { field, v2 } from './proxy-header.ts';

const V4 = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x1f, 0x90, 0x01, 0xbb]);
const V6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from([0x1f, 0x90, 0x01, 0xbb]),
]);

const ENDS_V4 = { source: { address: '192.0.2.7', port: 8080 }, destination: { address: '198.51.100.1', port: 443 } };
const ENDS_V6 = { source: { address: '2001:db8::7', port: 8080 }, destination: { address: '2001:db8::1', port: 443 } };

/** A header's fields with the checksum of the whole in one of them: specification §2.2.3. */
function checked(addresses: Buffer, wrong = 0): Buffer {
  const bytes = v2(0x21, 0x11, addresses, field(0x03, Buffer.alloc(4)));
  bytes.writeUInt32BE((crc32c(bytes) ^ wrong) >>> 0, bytes.length - 4);
  return bytes;
}

const GOOD: [string, Buffer, unknown][] = [
  ['version 1, TCP4', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\r\n'), ENDS_V4],
  ['version 1, TCP6', Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::1 8080 443\r\n'), ENDS_V6],
  ['version 1, UNKNOWN alone', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['version 1, UNKNOWN with more', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), undefined],
  ['version 2, TCP over IPv4', v2(0x21, 0x11, V4), ENDS_V4],
  ['version 2, TCP over IPv6', v2(0x21, 0x21, V6), ENDS_V6],
  ['version 2, a UNIX socket', v2(0x21, 0x31, Buffer.alloc(216)), undefined],
  ['version 2, unspecified', v2(0x21, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, LOCAL with what counts for nothing', v2(0x20, 0x99, Buffer.alloc(33, 7)), undefined],
  ['version 2 with fields', v2(0x21, 0x11, V4, field(0x01, 'h2'), field(0x02, 'shop'), field(0x04, '')), ENDS_V4],
  ['version 2 with a checksum', checked(V4), ENDS_V4],
];

const BAD: [string, Buffer][] = [
  ['a request', Buffer.from('GET / HTTP/1.1\r\n')],
  ['a TLS hello', Buffer.from([0x16, 0x03, 0x01])],
  ['the word in lower case', Buffer.from('proxy TCP4')],
  ['two spaces', Buffer.from('PROXY TCP4  192.0.2.7 198.51.100.1 8080 443\r\n')],
  ['a space at the end', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 8080 443 \r\n')],
  ['another protocol', Buffer.from('PROXY UDP4 192.0.2.7 198.51.100.1 8080 443\r\n')],
  ['a protocol of the other family', Buffer.from('PROXY TCP6 192.0.2.7 198.51.100.1 8080 443\r\n')],
  ['an address with zeros', Buffer.from('PROXY TCP4 192.0.2.007 198.51.100.1 8080 443\r\n')],
  ['an address that is a name', Buffer.from('PROXY TCP4 localhost 198.51.100.1 8080 443\r\n')],
  ['a port beyond', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n')],
  ['a port with a zero', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 08080 443\r\n')],
  ['a port with a sign', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 +8080 443\r\n')],
  ['a line feed alone', Buffer.from(`PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\n${' '.repeat(80)}`)],
  ['a line that is too long', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(93)}\r\n`)],
  ['another version', v2(0x31, 0x11, V4)],
  ['another command', v2(0x22, 0x11, V4)],
  ['datagrams', v2(0x21, 0x12, V4)],
  ['another family', v2(0x21, 0x41, V4)],
  ['too few addresses', v2(0x21, 0x21, V4)],
  ['a field that is cut off', v2(0x21, 0x11, V4, Buffer.from([0x04, 0x00, 0x05, 0x01]))],
  ['a field without its length', v2(0x21, 0x11, V4, Buffer.from([0x04, 0x00]))],
  ['a wrong checksum', checked(V4, 1)],
  ['a checksum that is none', v2(0x21, 0x11, V4, field(0x03, 'abc'))],
];

describe('a PROXY protocol header', () => {
  it.each(GOOD)('is read: %s', (_, bytes, ends) => {
    const whole = Buffer.concat([bytes, Buffer.from('GET / HTTP/1.1\r\n\r\n')]);
    expect(readProxyHeader(whole)).toEqual({ kind: 'header', header: { length: bytes.length, ends } });
  });

  it.each(GOOD)('is waited for, wherever it is split: %s', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++)
      expect([length, readProxyHeader(bytes.subarray(0, length)).kind]).toEqual([length, 'more']);
  });

  it.each(BAD)('is none: %s', (_, bytes) => {
    expect(readProxyHeader(bytes)).toMatchObject({ kind: 'invalid' });
  });

  it('is never read in another way when more of it has come', () => {
    const beginnings = fc.constantFrom(...[...GOOD, ...BAD].map(([, bytes]) => bytes));
    fc.assert(
      fc.property(beginnings, fc.uint8Array({ maxLength: 64 }), fc.nat(), (beginning, noise, cut) => {
        const bytes = Buffer.concat([beginning.subarray(0, cut % (beginning.length + 1)), noise]);
        let decided: unknown;
        for (let length = 0; length <= bytes.length; length++) {
          const read = readProxyHeader(bytes.subarray(0, length));
          if (decided !== undefined) expect(read).toEqual(decided);
          else if (read.kind !== 'more') decided = read;
        }
      }),
    );
  });
});

it('the checksum is that of RFC 9260', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
  expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa');
});
