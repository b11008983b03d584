import { parseSigningKey, type SigningKey, type SigningKeys } from '../../src/edge/signing-key.ts';

/** A key that follows from a letter. */
export function keyOf(letter: string): SigningKey {
  const key = parseSigningKey(Buffer.alloc(32, letter).toString('hex'));
  if (typeof key === 'string') throw new Error(key);
  return key;
}

/** Keys by their ids. */
export function keysOf(...letters: string[]): SigningKeys {
  return new Map(letters.map(keyOf).map((key) => [key.id, key]));
}
