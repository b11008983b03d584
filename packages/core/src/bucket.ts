import type { ByteText } from './bytes.ts';

/** How many buckets there are: one is 0.001 % of all keys. */
export const BUCKETS = 100_000;

/**
 * MurmurHash3, x86, 32 bits (Austin Appleby, public domain), over the bytes of a byte text.
 * Chosen because it spreads sequential ids evenly and independently under different salts, which CRC-32 and FNV-1a do
 * not, and because it is exact in every language's 32-bit integers.
 */
export function murmur3(bytes: ByteText, seed = 0): number {
  return close(absorb(seed | 0, bytes, 0), bytes, 0, bytes.length);
}

/**
 * The bucket of a key under a salt, 0 to 99,999: `floor(murmur3(salt ":" key) * 100000 / 2^32)`. The product stays below
 * 2^49, so doubles hold it exactly.
 */
export function bucketOf(salt: ByteText, key: ByteText): number {
  return toBucket(murmur3(`${salt}:${key}`));
}

/** As {@link bucketOf} for one salt, whose part of the hash is done beforehand; it joins no strings. */
export function createBucketer(salt: ByteText): (key: ByteText) => number {
  const prefix = `${salt}:`;
  const state = absorb(0, prefix, 0);
  const rest = prefix.slice(prefix.length & ~3);
  const lent = (4 - rest.length) & 3; // how many bytes of the key complete the last block of the prefix
  return (key) => {
    if (key.length < lent) return bucketOf(salt, key);
    let hash = state;
    if (lent > 0) {
      let block = 0;
      for (let at = lent - 1; at >= 0; at--) block = (block << 8) | key.charCodeAt(at);
      for (let at = rest.length - 1; at >= 0; at--) block = (block << 8) | rest.charCodeAt(at);
      hash = mix(hash, block);
    }
    return toBucket(close(absorb(hash, key, lent), key, lent, prefix.length + key.length));
  };
}

function toBucket(hash: number): number {
  return Math.floor((hash * BUCKETS) / 0x1_0000_0000);
}

/** Takes in all whole blocks of four bytes from `from` on. */
function absorb(state: number, bytes: ByteText, from: number): number {
  let hash = state;
  for (let at = from; at + 4 <= bytes.length; at += 4) {
    hash = mix(
      hash,
      bytes.charCodeAt(at) |
        (bytes.charCodeAt(at + 1) << 8) |
        (bytes.charCodeAt(at + 2) << 16) |
        (bytes.charCodeAt(at + 3) << 24),
    );
  }
  return hash;
}

/** Takes in what is left behind the whole blocks that began at `from`, and the length of all that was hashed. */
function close(state: number, bytes: ByteText, from: number, length: number): number {
  let hash = state;
  const tail = from + ((bytes.length - from) & ~3);
  let block = 0;
  for (let at = bytes.length - 1; at >= tail; at--) block = (block << 8) | bytes.charCodeAt(at);
  if (tail < bytes.length) hash ^= scramble(block);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mix(state: number, block: number): number {
  const hash = state ^ scramble(block);
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
