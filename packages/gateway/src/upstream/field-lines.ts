/** A name: `token` of RFC 9110 §5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What no value, reason or extension may have: controls other than the tab, and what is no byte. RFC 9110 §5.5. */
const NOT_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

const SPACE = 0x20;
const TAB = 0x09;

/** What came is no HTTP, or HTTP that two readers could understand in two ways. */
export class AnswerError extends Error {}

/** Whether a text is a name of a header, or a method. */
export function isToken(text: string): boolean {
  return NAME.test(text);
}

/** Whether a text can be a header's value. Line ends and NUL cannot be in one, nor can characters that are no byte. */
export function isFieldText(text: string): boolean {
  return !NOT_TEXT.test(text);
}

/**
 * Header lines, `[name, value, …]`, from those bytes of a text that are whole lines, each with its CRLF. Folded lines, bare
 * CR or LF and spaces before the colon are errors: RFC 9112 §5.
 *
 * @throws AnswerError
 */
export function readFieldLines(text: string, from: number, to: number): string[] {
  const lines: string[] = [];
  for (let at = from; at < to; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    if (end === -1 || colon === -1 || colon > end) throw new AnswerError('a header line has no colon');
    const name = text.slice(at, colon);
    if (!isToken(name)) throw new AnswerError('a header has a name that is none');
    const value = trimmed(text, colon + 1, end);
    if (!isFieldText(value)) throw new AnswerError('a header has a character that none may have');
    lines.push(name, value);
    at = end + 2;
  }
  return lines;
}

/** Without the white space around it, which is spaces and tabs and nothing else. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}
