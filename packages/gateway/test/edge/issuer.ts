import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { atEnd } from '../stage.ts';

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** Makes a key pair. */
export async function issuerKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

/** Signs claims; they expire in an hour unless they say when. */
export function sign(claims: JWTPayload, { alg, kid, privateKey }: IssuerKey, named = true): Promise<string> {
  return new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 3_600, ...claims })
    .setProtectedHeader({ alg, ...(named && { kid }) })
    .sign(privateKey);
}

/** A server of an issuer's keys. */
export interface Issuer {
  readonly url: string;
  /** The keys that it names; a function answers as it likes. */
  keys: readonly IssuerKey[] | ((response: ServerResponse) => void);
  /** How often it was asked. */
  asked: number;
}

/** Starts a server of keys. */
export async function startIssuer(keys: Issuer['keys']): Promise<Issuer> {
  const server = createServer((_, response) => {
    issuer.asked++;
    if (typeof issuer.keys === 'function') return issuer.keys(response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) }));
  }).listen(0, '127.0.0.1');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const issuer: Issuer = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`, keys, asked: 0 };
  return issuer;
}
