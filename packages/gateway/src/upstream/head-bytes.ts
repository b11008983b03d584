import { AnswerError } from './field-lines.ts';

/** Bytes of an answer's head, its interim answers each for itself. */
const MAX_HEAD = 65_536;

const END = Buffer.from('\r\n\r\n');
const BEGINNING = 'HTTP/1.';

/** Gathers the bytes of a head, which mostly come together and then are never copied. */
export class HeadBytes {
  #gathered: Buffer | undefined;
  #length = 0;

  get empty(): boolean {
    return this.#length === 0;
  }

  /**
   * The head's text with the CRLF of its last line, and where in these bytes it is over; undefined when more must come.
   *
   * @throws AnswerError
   */
  read(bytes: Buffer, from: number, to: number): { readonly text: string; readonly end: number } | undefined {
    if (this.#length === 0) {
      const end = indexOfEnd(bytes, from, to);
      if (end !== -1) return headOf(bytes, from, end, end + 4);
    }
    const before = this.#length;
    const gathered = this.#gather(bytes, from, to);
    const end = indexOfEnd(gathered, Math.max(0, before - 3), this.#length);
    if (end !== -1) {
      this.#length = 0;
      return headOf(gathered, 0, end, from + end + 4 - before);
    }
    checkBeginning(gathered.toString('latin1', 0, Math.min(this.#length, BEGINNING.length)));
    if (this.#length > MAX_HEAD + END.length) throw new AnswerError('the head is too large');
    return undefined;
  }

  #gather(bytes: Buffer, from: number, to: number): Buffer {
    const length = this.#length + to - from;
    let gathered = this.#gathered;
    if (!gathered || gathered.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(1024, 2 * length));
      gathered?.copy(larger, 0, 0, this.#length);
      gathered = larger;
      this.#gathered = larger;
    }
    bytes.copy(gathered, this.#length, from, to);
    this.#length = length;
    return gathered;
  }
}

function indexOfEnd(bytes: Buffer, from: number, to: number): number {
  const end = bytes.indexOf(END, from);
  return end + END.length > to ? -1 : end;
}

function headOf(bytes: Buffer, from: number, end: number, after: number): { text: string; end: number } {
  if (end - from > MAX_HEAD) throw new AnswerError('the head is too large');
  const text = bytes.toString('latin1', from, end + 2);
  checkBeginning(text.slice(0, BEGINNING.length));
  return { text, end: after };
}

/** So that what is no HTTP is refused without waiting for the end of a head that never comes. */
function checkBeginning(text: string): void {
  if (!BEGINNING.startsWith(text)) throw new AnswerError('what came is no HTTP/1');
}
