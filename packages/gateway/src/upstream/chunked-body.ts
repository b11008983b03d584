import { AnswerError, readFieldLines } from './field-lines.ts';

/** What takes a body's bytes: those of `bytes` in a range, which are gone after the call. */
export type TakeBytes = (bytes: Buffer, from: number, to: number) => void;

/** Hexadecimal digits of a size: more would not be exact. */
const MAX_DIGITS = 13;

/** Bytes of all extensions together, and of all trailers. */
const MAX_EXTENSIONS = 16_384;
const MAX_TRAILERS = 65_536;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const TAB = 0x09;

type Place = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'end';

/**
 * A chunked body, read as its bytes come. Sizes are digits and nothing else, extensions are passed over, every line end is
 * CRLF. Source: RFC 9112 §7.1.
 */
export class ChunkedBody {
  #place: Place = 'size';
  #size = 0;
  #digits = 0;
  #extensions = 0;
  #trailers = '';
  /** The lines behind the body, once it is over. */
  trailers: readonly string[] = [];

  get over(): boolean {
    return this.#place === 'end';
  }

  /**
   * Reads on; returns where it stopped: at `to`, or behind the body's end.
   *
   * @throws AnswerError
   */
  read(bytes: Buffer, from: number, to: number, take: TakeBytes): number {
    let at = from;
    while (at < to && this.#place !== 'end') {
      if (this.#place === 'data') at = this.#readData(bytes, at, to, take);
      else if (this.#place === 'trailers') at = this.#readTrailers(bytes, at, to);
      else this.#readByte(bytes[at++] as number);
    }
    return at;
  }

  #readByte(byte: number): void {
    switch (this.#place) {
      case 'size':
        return this.#readSize(byte);
      case 'extension':
        if (byte === CR) this.#place = 'size-lf';
        else if ((byte < 0x20 && byte !== TAB) || byte === 0x7f || ++this.#extensions > MAX_EXTENSIONS)
          throw new AnswerError('a chunk has an extension that none may have');
        return;
      case 'size-lf':
        this.#expect(byte, LF, this.#size === 0 ? 'trailers' : 'data');
        return;
      case 'data-cr':
        this.#expect(byte, CR, 'data-lf');
        return;
      case 'data-lf':
        this.#expect(byte, LF, 'size');
        this.#digits = 0;
    }
  }

  #readSize(byte: number): void {
    const digit = digitOf(byte);
    if (digit !== -1) {
      if (++this.#digits > MAX_DIGITS) throw new AnswerError('a chunk is too large');
      this.#size = this.#size * 16 + digit;
    } else if (this.#digits > 0 && byte === CR) this.#place = 'size-lf';
    else if (this.#digits > 0 && byte === SEMICOLON) this.#place = 'extension';
    else throw new AnswerError('a chunk has a size that is none');
  }

  #expect(byte: number, expected: number, next: Place): void {
    if (byte !== expected) throw new AnswerError('a chunk does not end where it should');
    this.#place = next;
  }

  #readData(bytes: Buffer, from: number, to: number, take: TakeBytes): number {
    const end = Math.min(to, from + this.#size);
    this.#size -= end - from;
    if (this.#size === 0) this.#place = 'data-cr';
    take(bytes, from, end);
    return end;
  }

  #readTrailers(bytes: Buffer, from: number, to: number): number {
    const before = this.#trailers.length;
    this.#trailers += bytes.toString('latin1', from, Math.min(to, from + MAX_TRAILERS + 4 - before));
    const lines = this.#trailers.startsWith('\r\n')
      ? 0
      : this.#trailers.indexOf('\r\n\r\n', Math.max(0, before - 3)) + 2;
    if (lines === 1) {
      if (this.#trailers.length > MAX_TRAILERS) throw new AnswerError('the trailers are too large');
      return to;
    }
    this.trailers = readFieldLines(this.#trailers, 0, lines);
    this.#place = 'end';
    return from + lines + 2 - before;
  }
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
