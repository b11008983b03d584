import { type AnswerHead, readAnswerHead } from './answer-head.ts';
import { ChunkedBody, type TakeBytes } from './chunked-body.ts';
import { AnswerError } from './field-lines.ts';
import { HeadBytes } from './head-bytes.ts';

/** What is told of an answer while it is read. */
export interface AnswerSink {
  /** An interim answer: any 1xx but 101. */
  onInformation(head: AnswerHead): void;
  /** The final answer. */
  onHead(head: AnswerHead): void;
  /** Bytes of the body, gone after the call; `last` when the answer ends with them. */
  onBody(bytes: Buffer, from: number, to: number, last: boolean): void;
  onEnd(trailers: readonly string[]): void;
  /** 101: the connection speaks another protocol from here on. */
  onSwitch(head: AnswerHead): void;
}

const NONE: readonly string[] = [];

/**
 * Reads the answers on a connection, byte by byte or all at once with the same result. What is not clear is an error, and
 * then the connection is of no use any more. Source: RFC 9112 §4 to §8.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  readonly #headBytes = new HeadBytes();
  readonly #takeChunk: TakeBytes = (bytes, from, to) => this.#sink.onBody(bytes, from, to, false);
  #state: 'idle' | 'head' | 'length' | 'chunked' | 'until-close' = 'idle';
  #method = '';
  #upgrade = false;
  #left = 0;
  #chunks = new ChunkedBody();
  #head: AnswerHead | undefined;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Whether a byte of the answer has come. */
  get begun(): boolean {
    return this.#state !== 'head' || this.#head !== undefined || !this.#headBytes.empty;
  }

  /** Prepares for the answer to a request. */
  expect(method: string, upgrade: boolean): void {
    this.#method = method;
    this.#upgrade = upgrade;
    this.#head = undefined;
    this.#state = 'head';
  }

  /**
   * Reads on; returns where it stopped: at `to`, or behind the answer's end.
   *
   * @throws AnswerError
   */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== 'idle') at = this.#readSome(bytes, at, to);
    return at;
  }

  /**
   * Nothing will come any more. An answer whose body lasts as long as its connection ends well here.
   *
   * @throws AnswerError
   */
  finish(): void {
    if (this.#state === 'until-close') return this.#end(NONE);
    if (this.#state !== 'idle') throw new AnswerError('the connection was closed');
  }

  #readSome(bytes: Buffer, from: number, to: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, from, to);
      case 'length':
        return this.#readLength(bytes, from, to);
      case 'chunked': {
        const at = this.#chunks.read(bytes, from, to, this.#takeChunk);
        if (this.#chunks.over) this.#end(this.#chunks.trailers);
        return at;
      }
      default:
        this.#sink.onBody(bytes, from, to, false);
        return to;
    }
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const found = this.#headBytes.read(bytes, from, to);
    if (!found) return to;
    const head = readAnswerHead(found.text);
    this.#head = head;
    if (head.status === 101) this.#switch(head);
    else if (head.status >= 200) this.#begin(head);
    else if (head.chunked) throw new AnswerError('an interim answer has a body');
    else if (head.status !== 100) this.#sink.onInformation(head);
    return found.end;
  }

  #switch(head: AnswerHead): void {
    if (!this.#upgrade || head.chunked) throw new AnswerError('the protocol was switched unasked');
    this.#state = 'idle';
    this.#sink.onSwitch(head);
  }

  #begin(head: AnswerHead): void {
    const { status, length, chunked } = head;
    if (status === 204 && chunked) throw new AnswerError('an answer without content has a transfer coding');
    const bodiless = this.#method === 'HEAD' || status === 204 || status === 304 || length === 0;
    if (bodiless) this.#state = 'idle';
    else if (chunked) {
      this.#chunks = new ChunkedBody();
      this.#state = 'chunked';
    } else if (length === undefined) this.#state = 'until-close';
    else {
      this.#left = length;
      this.#state = 'length';
    }
    this.#sink.onHead(head);
    if (bodiless) this.#sink.onEnd(NONE);
  }

  #readLength(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.#left);
    this.#left -= end - from;
    const last = this.#left === 0;
    this.#sink.onBody(bytes, from, end, last);
    if (last) this.#end(NONE);
    return end;
  }

  #end(trailers: readonly string[]): void {
    this.#state = 'idle';
    this.#sink.onEnd(trailers);
  }
}
