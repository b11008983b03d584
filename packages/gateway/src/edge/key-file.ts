import { createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { KeysUnavailable } from './key-set.ts';
import { type LiveFile, liveFile } from './live-file.ts';

/** Keys in a file, as it changes. */
export interface KeyFile {
  readonly getKey: JWTVerifyGetKey;
  readonly file: LiveFile<JWTVerifyGetKey>;
}

/** The public keys in a file: one in PEM (also a certificate), or several as a JWKS (RFC 7517). */
export function keyFile(path: string, onError: (error: Error) => void): KeyFile {
  const file = liveFile(path, parseKeys, { onError });
  const getKey: JWTVerifyGetKey = (header, token) => {
    const keys = file.current();
    if (!keys) throw new KeysUnavailable();
    return keys(header, token);
  };
  return { getKey, file };
}

function parseKeys(bytes: Buffer): JWTVerifyGetKey {
  const text = bytes.toString();
  if (!text.includes('-----BEGIN')) return createLocalJWKSet(JSON.parse(text));
  const key = parsePem(text);
  return () => key;
}

function parsePem(text: string): KeyObject {
  if (text.includes('PRIVATE KEY-----')) throw new Error('it holds a private key: give the public one');
  if (text.split('-----BEGIN').length > 2) throw new Error('it holds several keys: write them as a JWKS');
  return createPublicKey(text);
}
