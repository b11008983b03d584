/**
 * Byte texts: strings in which each character is one byte (0 to 255), as Node.js delivers header values. Everything that
 * conditions compare and buckets hash is a byte text, so that executors written in other languages, which see bytes,
 * give the same answers. For ASCII a byte text and a text are the same.
 */
export type ByteText = string;

const NON_ASCII = /[^\0-\x7f]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // a byte order mark is data like any other

/** The UTF-8 bytes of a text, as a byte text. Lone surrogates become U+FFFD. */
export function toBytes(text: string): ByteText {
  if (!NON_ASCII.test(text)) return text;
  let bytes = '';
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** A byte text read as UTF-8; what is no UTF-8 becomes U+FFFD. */
export function fromBytes(bytes: ByteText): string {
  return NON_ASCII.test(bytes) ? decoder.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))) : bytes;
}

/**
 * A byte text without spaces and tabs at its ends (OWS of RFC 9110 §5.6.3). Not `trim`, which also takes the byte A0, the
 * last one of many UTF-8 characters; no regular expression, for that would be quadratic in inner spaces.
 */
export function trimSpace(bytes: ByteText): ByteText {
  let from = 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes.charCodeAt(from))) from++;
  while (to > from && isSpace(bytes.charCodeAt(to - 1))) to--;
  return bytes.slice(from, to);
}

/** Whether a byte is a space or a tab. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const UPPER = /[A-Z]/;

/** ASCII letters in lower case; every other byte as it is, so that every executor folds alike. */
export function foldCase(bytes: ByteText): ByteText {
  return UPPER.test(bytes) ? bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : bytes;
}
