import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** A secret with which passes and pins are signed. */
export interface SigningKey {
  /** Names the key in what it signed: eight characters that follow from the key itself, so that no two places can disagree. */
  readonly id: string;
  readonly secret: KeyObject;
}

/** Keys by their ids. The first one signs, all verify: that is how a key is replaced without a break. */
export type SigningKeys = ReadonlyMap<string, SigningKey>;

/** The least length of a key, in bytes: that of the hash (RFC 2104 §3). */
const MIN_BYTES = 32;

/** A key from its text, hexadecimal or base64 (either alphabet). A text instead of a key says what is wrong; it never quotes the secret. */
export function parseSigningKey(text: string): SigningKey | string {
  const bytes = decodeKey(text.trim());
  if (!bytes) return 'is neither hexadecimal nor base64: `graylane pass key` makes a key';
  if (bytes.length < MIN_BYTES)
    return `has ${bytes.length} bytes, and ${MIN_BYTES} are the least: \`graylane pass key\` makes a key`;
  const secret = createSecretKey(bytes);
  const id = createHmac('sha256', secret).update('graylane key id').digest('base64url').slice(0, 8);
  return { id, secret };
}

/** The text of a new key. */
export function generateKeyText(): string {
  return randomBytes(MIN_BYTES).toString('base64url');
}

function decodeKey(text: string): Buffer | undefined {
  if (/^(?:[0-9A-Fa-f]{2})+$/.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
