import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SigningKey, SigningKeys } from './signing-key.ts';

/** What a signed text is for, and in which version of its form. It is signed too, so that no text passes for another kind. */
export type SignedKind = 'glp1' | 'gls1';

/** A signed text that is genuine. */
export interface OpenedText {
  readonly payload: unknown;
  /** The id of the key that signed it. */
  readonly key: string;
}

/** Why a signed text is none. */
export type SignatureFault = 'malformed' | 'unknown-key' | 'bad-signature';

/** The most characters that a signed text may have: it has to fit into a cookie and a URL beside others. */
export const MAX_SIGNED_LENGTH = 1_024;

const FORM = /^([a-z0-9]{4})\.([\w-]{8})\.([\w-]+)\.([\w-]{43})$/;

/**
 * Signs a value: `KIND.KEY.PAYLOAD.SIGNATURE`, where the payload is JSON in base64url and the signature is the HMAC-SHA256
 * (RFC 2104) over all that stands before its dot. Every character may stand in a header, a cookie and a query as it is.
 */
export function signText(kind: SignedKind, payload: object, key: SigningKey): string {
  const signed = `${kind}.${key.id}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  return `${signed}.${signatureOf(signed, key)}`;
}

/** Reads a signed text. Nothing of the payload is looked at before the signature holds. */
export function openText(kind: SignedKind, text: string, keys: SigningKeys): OpenedText | SignatureFault {
  const form = text.length <= MAX_SIGNED_LENGTH ? FORM.exec(text) : null;
  if (!form || form[1] !== kind) return 'malformed';
  const [, , id = '', payload = '', signature = ''] = form;
  const key = keys.get(id);
  if (!key) return 'unknown-key';
  const expected = signatureOf(text.slice(0, -signature.length - 1), key);
  // As texts, so that only the one canonical spelling of a signature is it.
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return 'bad-signature';
  try {
    return { payload: JSON.parse(Buffer.from(payload, 'base64url').toString()), key: id };
  } catch {
    return 'malformed';
  }
}

function signatureOf(signed: string, { secret }: SigningKey): string {
  return createHmac('sha256', secret).update(signed).digest('base64url');
}
