/** A body says over and over whose it is: the request's number in this many bytes. */
const WIDTH = 16;

/** The body that belongs to a request, this long. */
export function patternOf(request: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, wordOf(request));
}

/** Compares a body with the one that belongs to a request, part by part. */
export class PatternCheck {
  readonly #word: string;
  /** How many bytes there were. */
  bytes = 0;
  /** Whether all of them were right. */
  intact = true;

  constructor(request: number) {
    this.#word = wordOf(request);
  }

  take(part: Buffer, from = 0, to = part.length): void {
    for (let at = from; at < to; at += EXPECTED) this.#takeSome(part, at, Math.min(to, at + EXPECTED));
  }

  #takeSome(part: Buffer, from: number, to: number): void {
    const phase = this.bytes % WIDTH;
    const length = to - from;
    expected.fill(this.#word, 0, phase + length, 'latin1');
    this.intact &&= part.compare(expected, phase, phase + length, from, to) === 0;
    this.bytes += length;
  }
}

function wordOf(request: number): string {
  return `${String(request).padStart(WIDTH - 1, '.')}\n`;
}

const EXPECTED = 65_536;
const expected = Buffer.alloc(EXPECTED + WIDTH);
