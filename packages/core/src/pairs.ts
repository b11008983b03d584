import { type ByteText, isSpace, trimSpace } from './bytes.ts';

// Both scan in place, for a decision that looks at a cookie should not leave an array of all cookies behind; and both
// look for the next "=" only once they are past the last, or many parts without one would take quadratic time.

/**
 * A cookie's value in one `Cookie` line (RFC 6265, section 5.4): the first of its name, names case-sensitive, blanks around
 * name and value dropped, neither unquoted nor decoded.
 */
export function cookieIn(line: ByteText, name: ByteText): ByteText | undefined {
  for (let start = 0, equals = -1; start < line.length; ) {
    if (equals < start) equals = line.indexOf('=', start);
    if (equals === -1) return undefined;
    const end = endOf(line, ';', start);
    if (equals < end && isTrimmed(line, start, equals, name)) return trimSpace(line.slice(equals + 1, end));
    start = end + 1;
  }
  return undefined;
}

/**
 * A parameter's value in a query (WHATWG URL, section 5.1): the first of its name, names case-sensitive, `%XX` and `+`
 * decoded, a broken `%` kept as it is; empty when it has no `=`.
 */
export function queryIn(query: ByteText, name: ByteText): ByteText | undefined {
  for (let start = 0, equals = -1; start < query.length; ) {
    if (equals < start) equals = query.indexOf('=', start);
    if (equals === -1) equals = query.length;
    const end = endOf(query, '&', start);
    if (isDecoded(query, start, Math.min(equals, end), name)) return decode(query.slice(equals + 1, end));
    start = end + 1;
  }
  return undefined;
}

function endOf(text: ByteText, separator: string, start: number): number {
  const end = text.indexOf(separator, start);
  return end === -1 ? text.length : end;
}

function isAt(text: ByteText, from: number, to: number, name: ByteText): boolean {
  return to - from === name.length && text.startsWith(name, from);
}

function isTrimmed(text: ByteText, start: number, end: number, name: ByteText): boolean {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return isAt(text, from, to, name);
}

function isDecoded(text: ByteText, from: number, to: number, name: ByteText): boolean {
  if (to - from < name.length) return false;
  for (let at = from; at < to; at++) if (isEncoding(text.charCodeAt(at))) return decode(text.slice(from, to)) === name;
  return isAt(text, from, to, name);
}

/** Whether a byte is `%` or `+`. */
function isEncoding(code: number): boolean {
  return code === 0x25 || code === 0x2b;
}

function decode(text: ByteText): ByteText {
  if (!/[%+]/.test(text)) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
