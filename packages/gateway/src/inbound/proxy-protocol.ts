import { parseIP } from '@graylane/core';
import { crc32c } from './crc32c.ts';

/** One end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What a PROXY protocol header says of a connection. */
export interface ProxyHeader {
  /** How many bytes it has: what comes after them is the connection's own. */
  readonly length: number;
  /**
   * Who connected to the proxy, and where. Undefined when the header does not say (`UNKNOWN`, `LOCAL`, a UNIX socket): then
   * the connection is the proxy's own.
   */
  readonly ends: { readonly source: Endpoint; readonly destination: Endpoint } | undefined;
}

/** What some first bytes of a connection are: a header, the beginning of one, or none. */
export type ProxyRead =
  | { readonly kind: 'header'; readonly header: ProxyHeader }
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid'; readonly why: string };

const MORE: ProxyRead = { kind: 'more' };

const V1_START = Buffer.from('PROXY ', 'latin1');
const V1_MAX = 107;
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED = 16;

/**
 * Reads a PROXY protocol header, version 1 or 2, from all bytes that came so far. A pure function: call it again with more
 * bytes as long as it answers `more`. Strict: what the specification does not allow is invalid.
 *
 * Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
export function readProxyHeader(bytes: Buffer): ProxyRead {
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED ? MORE : readV2(bytes);
  if (startsLike(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : readV1(bytes);
  return invalid('it begins with neither signature');
}

/** Whether bytes begin with a signature, as far as they go. */
function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function readV1(bytes: Buffer): ProxyRead {
  const line = bytes.toString('latin1', 0, Math.min(bytes.length, V1_MAX));
  const end = line.indexOf('\r\n');
  if (end === -1) return line.length < V1_MAX ? MORE : invalid(`its line is longer than ${V1_MAX} bytes`);
  const length = end + 2;
  const [, family, ...fields] = line.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return header(length);
  if (family !== 'TCP4' && family !== 'TCP6') return invalid('its protocol is none');
  const [from = '', to = '', fromPort = '', toPort = '', ...rest] = fields;
  const fits = family === 'TCP4' ? isV4 : isV6;
  if (!fits(from) || !fits(to) || !isPort(fromPort) || !isPort(toPort) || rest.length > 0)
    return invalid('its addresses are none');
  return header(length, { address: from, port: Number(fromPort) }, { address: to, port: Number(toPort) });
}

const isV4 = (text: string): boolean => !text.includes(':') && parseIP(text) !== undefined;
const isV6 = (text: string): boolean => text.includes(':') && parseIP(text) !== undefined;
const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

/** How many bytes the addresses of each family and protocol have: specification §2.2. Datagrams do not come over TCP. */
const V2_ADDRESSES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);

function readV2(bytes: Buffer): ProxyRead {
  const command = bytes[12] as number;
  const family = bytes[13] as number;
  const length = V2_FIXED + bytes.readUInt16BE(14);
  const addresses = V2_ADDRESSES.get(family);
  if (command !== 0x20 && command !== 0x21) return invalid('its version or command is none');
  if (command === 0x21 && (addresses === undefined || length < V2_FIXED + addresses))
    return invalid('its addresses are none');
  if (bytes.length < length) return MORE;
  // A `LOCAL` header may have any family, which says nothing, and so nobody knows where its other fields begin.
  if (command === 0x20) return header(length);
  const wrong = checkFields(bytes.subarray(0, length), V2_FIXED + (addresses as number));
  if (wrong !== undefined) return invalid(wrong);
  return family === 0x11 || family === 0x21 ? readEnds(bytes, length, family === 0x11 ? 4 : 16) : header(length);
}

function readEnds(bytes: Buffer, length: number, size: number): ProxyRead {
  const at = (index: number): string =>
    formatIP(bytes.subarray(V2_FIXED + index * size, V2_FIXED + (index + 1) * size));
  const ports = V2_FIXED + 2 * size;
  return header(
    length,
    { address: at(0), port: bytes.readUInt16BE(ports) },
    { address: at(1), port: bytes.readUInt16BE(ports + 2) },
  );
}

function formatIP(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1); // in its one canonical form
}

const CRC32C_FIELD = 0x03;

/** Looks at the fields behind the addresses (type, length, value): all that counts is a checksum, if there is one. */
function checkFields(bytes: Buffer, start: number): string | undefined {
  for (let at = start; at < bytes.length; ) {
    const end = at + 3 + (at + 3 <= bytes.length ? bytes.readUInt16BE(at + 1) : 0);
    if (end > bytes.length) return 'one of its fields is cut off';
    if (bytes[at] === CRC32C_FIELD) {
      if (end - at !== 7) return 'its checksum is none';
      const zeroed = Buffer.from(bytes).fill(0, at + 3, end);
      if (bytes.readUInt32BE(at + 3) !== crc32c(zeroed)) return 'its checksum is wrong';
    }
    at = end;
  }
  return undefined;
}

function header(length: number, source?: Endpoint, destination?: Endpoint): ProxyRead {
  return { kind: 'header', header: { length, ends: source && destination && { source, destination } } };
}

function invalid(why: string): ProxyRead {
  return { kind: 'invalid', why };
}
