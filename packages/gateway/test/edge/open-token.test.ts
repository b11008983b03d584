import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestFacts, Value } from '@graylane/core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { exportPKCS8, exportSPKI } from 'jose';
import { type OpenToken, openToken } from '../../src/edge/open-token.ts';
import type { TokenResult } from '../../src/edge/token.ts';
import { readTokenConfig, type TokenConfig } from '../../src/edge/token-config.ts';
import { atEnd } from '../stage.ts';
import { type IssuerKey, issuerKey, sign, startIssuer } from './issuer.ts';

const [A, B] = await Promise.all([issuerKey('a'), issuerKey('b')]);
const jwks = (...keys: IssuerKey[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
let directory = '';
let failures: string[] = [];

beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'graylane-token-'));
  directory = made;
  failures = [];
  atEnd(() => rmSync(made, { recursive: true }));
});

async function open(keys: object): Promise<OpenToken> {
  const fail = (_: unknown, message: string): never => {
    throw new Error(message);
  };
  const config = readTokenConfig(new Value({ keys }, [], fail)) as TokenConfig;
  const token = await openToken(config, directory, ({ message }) => failures.push(message));
  atEnd(() => token.close());
  return token;
}

/** Each time with another token, so that nothing is remembered. */
async function present({ verify }: OpenToken, key: IssuerKey): Promise<TokenResult['kind']> {
  const token = await sign({ jti: `${Math.random()}` }, key);
  return (await verify(requestFacts({ headers: ['Authorization', `Bearer ${token}`], time: Date.now() }))).kind;
}

function replace(name: string, text: string): void {
  writeFileSync(join(directory, `${name}.new`), text);
  renameSync(join(directory, `${name}.new`), join(directory, name));
}

describe('tokens are verified', () => {
  it('with keys at a URL', async () => {
    const { url } = await startIssuer([A]);
    const token = await open({ url });
    expect([await present(token, A), await present(token, B)]).toEqual(['verified', 'invalid']);
  });

  it('with a public key in PEM, whatever name the token gives it', async () => {
    writeFileSync(join(directory, 'key.pem'), await exportSPKI(A.publicKey));
    const token = await open({ file: 'key.pem' });
    expect([await present(token, A), await present(token, B)]).toEqual(['verified', 'invalid']);
  });

  it('with a file of keys as it changes; one that cannot be read changes nothing', async () => {
    writeFileSync(join(directory, 'keys.json'), jwks(A));
    const token = await open({ file: 'keys.json' });
    expect([await present(token, A), await present(token, B)]).toEqual(['verified', 'invalid']);
    replace('keys.json', '{');
    while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await present(token, A)).toBe('verified');
    replace('keys.json', jwks(B));
    while ((await present(token, B)) !== 'verified') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await present(token, A)).toBe('invalid');
  });

  it.each([
    ['a private key', () => exportPKCS8(A.privateKey), /holds a private key/],
    ['two keys', async () => `${await exportSPKI(A.publicKey)}${await exportSPKI(B.publicKey)}`, /as a JWKS/],
    ['no key', async () => 'hello', /cannot be used/],
  ])('with no file of %s', async (_, text, failure) => {
    writeFileSync(join(directory, 'key.pem'), await text());
    await expect(open({ file: 'key.pem' })).rejects.toThrow(failure);
  });

  it('with no file that is not there', async () => {
    await expect(open({ file: 'key.pem' })).rejects.toThrow(/key\.pem cannot be used: ENOENT/);
  });

  it('with no secret that is too short', async () => {
    await expect(open({ secret: { text: 'c2VjcmV0' } })).rejects.toMatchObject({ code: 'GL_CONFIG_INVALID' });
  });
});
