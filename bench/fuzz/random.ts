/** Chance that a seed repeats. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 to below `end` (Mulberry32, Tommy Ettinger, public domain). */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  /** One of some things; `list` must not be empty. */
  oneOf<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)] as Item;
  }

  /** The same things in an order of chance. */
  shuffled<Item>(list: readonly Item[]): Item[] {
    const keyed = list.map((item) => ({ item, key: this.below(2 ** 32) }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }

  /** The beginning and the end of a part of a text, not empty unless the text is. */
  span(text: string): readonly [from: number, to: number] {
    const from = this.below(text.length);
    const length = 1 + this.below(this.below(4) === 0 ? text.length - from : Math.min(16, text.length - from));
    return [from, Math.min(text.length, from + length)];
  }
}
