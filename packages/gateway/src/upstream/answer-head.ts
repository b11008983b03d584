import { AnswerError, readFieldLines } from './field-lines.ts';

/** The head of an answer, and what it says of its connection. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** `[name, value, …]`, as they came. */
  readonly lines: readonly string[];
  /** In bytes; undefined when it is not told. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  /** Whether the connection can take another request after it. */
  readonly keepAlive: boolean;
  /** How long the instance keeps the connection when nothing comes, in milliseconds; undefined when it does not say. */
  readonly keepAliveMs: number | undefined;
}

/** RFC 9112 §4. The space behind the code is missing in so many answers that everybody takes them. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** Within it a length is exact. */
const LENGTH = /^\d{1,15}$/;

/**
 * Reads an answer's head: all bytes up to the empty line, which is not among them, as latin1. Where two readers could find
 * different ends of the body, it is refused: RFC 9112 §6.3.
 *
 * @throws AnswerError
 */
export function readAnswerHead(text: string): AnswerHead {
  const end = text.indexOf('\r\n');
  const [, minor, code, reason = ''] = STATUS_LINE.exec(text.slice(0, end)) ?? [];
  if (code === undefined) throw new AnswerError('the status line is none');
  const lines = readFieldLines(text, end + 2, text.length);
  const framing = readFraming(lines, minor === '1');
  return { status: Number(code), reason, lines, ...framing };
}

type Framing = Pick<AnswerHead, 'length' | 'chunked' | 'keepAlive' | 'keepAliveMs'>;

function readFraming(lines: readonly string[], is11: boolean): Framing {
  let length: number | undefined;
  let chunked = false;
  let keepAlive = is11;
  let keepAliveMs: number | undefined;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] as string;
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue;
    const value = lines[at + 1] as string;
    switch (name.toLowerCase()) {
      case 'content-length':
        if (length !== undefined || !LENGTH.test(value)) throw new AnswerError('the content length is not clear');
        length = Number(value);
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked' || !is11)
          throw new AnswerError('the transfer coding is not chunked alone');
        chunked = true;
        break;
      case 'connection':
        keepAlive = readConnection(value, keepAlive);
        break;
      case 'keep-alive':
        keepAliveMs = readKeepAlive(value);
    }
  }
  if (chunked && length !== undefined) throw new AnswerError('there is a content length and a transfer coding');
  return { length, chunked, keepAlive, keepAliveMs };
}

function readConnection(value: string, before: boolean): boolean {
  if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) return false;
  return before || /(?:^|,)\s*keep-alive\s*(?:,|$)/i.test(value);
}

function readKeepAlive(value: string): number | undefined {
  const seconds = /(?:^|,)\s*timeout\s*=\s*(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
