/** An address as its bytes: 4 for IPv4, 16 for IPv6. */
export type IPBytes = readonly number[];

/** A network: the addresses whose first `bits` bits are those of `bytes`. */
export interface Network {
  readonly bytes: IPBytes;
  readonly bits: number;
}

/**
 * An address in text form as bytes, or undefined. Strict: four decimal parts without leading zeros (RFC 6943 §3.1.1), or
 * RFC 4291 text. An IPv4-mapped IPv6 address (`::ffff:203.0.113.9`) is the IPv4 address. No zones.
 */
export function parseIP(text: string): IPBytes | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

/** A network in CIDR form (`10.0.0.0/8`), or a single address, or undefined. Bits behind the prefix must be zero. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, more] = text.split('/');
  const bytes = parseIP(address);
  if (!bytes || more !== undefined) return undefined;
  if (prefix === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const mapped = bytes.length === 4 && address.includes(':');
  const bits = Number(prefix) - (mapped ? 96 : 0);
  if (bits < 0 || bits > bytes.length * 8) return undefined;
  const network = { bytes, bits };
  return bytes.every((byte, index) => (byte & ~maskOf(bits, index) & 0xff) === 0) ? network : undefined;
}

/** Whether an address is in a network. Addresses of different families never are. */
export function inNetwork(address: IPBytes, network: Network): boolean {
  if (address.length !== network.bytes.length) return false;
  return address.every((byte, index) => (byte & maskOf(network.bits, index)) === network.bytes[index]);
}

/** The part of a prefix that falls on byte `index`, as a mask. */
function maskOf(bits: number, index: number): number {
  const here = Math.min(8, Math.max(0, bits - index * 8));
  return (0xff << (8 - here)) & 0xff;
}

function parseV4(text: string): IPBytes | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseV6(text: string): IPBytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = groups(halves[1] ?? '', true);
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  const bytes = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}

/** The bytes of colon-separated groups; the last may be an IPv4 address when `last` says that it ends the address. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = last && index === parts.length - 1 ? parseV4(part) : undefined;
      if (!v4) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes;
}
