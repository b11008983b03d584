import { murmur3 } from './bucket.ts';
import type { ByteText } from './bytes.ts';

/** An immutable set of byte texts. */
export interface TextSet {
  readonly size: number;
  has(text: ByteText): boolean;
}

/** Up to this size the language's own set is used: it is quicker, and its 50 to 100 bytes a member do not matter. */
const SMALL = 1_000;

/** What an entry's two bytes for its length can say. */
const MAX_LENGTH = 0xffff;

/**
 * A set of byte texts, of any size. A large one is one block of bytes and one table of offsets instead of an object a
 * member: the length of the texts and 8 to 14 bytes more for each. `has` takes constant time and allocates nothing.
 */
export function createTextSet(texts: readonly ByteText[]): TextSet {
  const packable = texts.length > SMALL && texts.every(({ length }) => length <= MAX_LENGTH);
  return packable ? new PackedSet(texts) : new Set(texts);
}

/** Open addressing with linear probing, at most two thirds full. An entry is its length in two bytes, then its bytes. */
class PackedSet implements TextSet {
  readonly #bytes: Uint8Array;
  /** One more than an entry's offset; 0 for a free slot. */
  readonly #slots: Uint32Array;
  readonly #mask: number;
  #size = 0;

  constructor(texts: readonly ByteText[]) {
    const capacity = 2 ** Math.ceil(Math.log2(texts.length * 1.5));
    this.#mask = capacity - 1;
    this.#slots = new Uint32Array(capacity);
    this.#bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + length + 2, 0));
    let end = 0;
    for (const text of texts) end = this.#add(text, end);
  }

  get size(): number {
    return this.#size;
  }

  has(text: ByteText): boolean {
    return this.#slots[this.#find(text)] !== 0;
  }

  #add(text: ByteText, end: number): number {
    const slot = this.#find(text);
    if (this.#slots[slot] !== 0) return end;
    this.#slots[slot] = end + 1;
    this.#size++;
    this.#bytes[end] = text.length >> 8;
    this.#bytes[end + 1] = text.length;
    for (let at = 0; at < text.length; at++) this.#bytes[end + 2 + at] = text.charCodeAt(at);
    return end + 2 + text.length;
  }

  /** The slot of a text, or the free slot where it would be. */
  #find(text: ByteText): number {
    let slot = murmur3(text) & this.#mask;
    while (this.#slots[slot] !== 0 && !this.#holds((this.#slots[slot] as number) - 1, text))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #holds(offset: number, text: ByteText): boolean {
    const bytes = this.#bytes;
    if ((((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)) !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (bytes[offset + 2 + at] !== text.charCodeAt(at)) return false;
    return true;
  }
}
