import { resolve } from 'node:path';
import type { JWTVerifyGetKey } from 'jose';
import { keyFile } from './key-file.ts';
import { remoteKeySet } from './key-set.ts';
import { openSigningKeys } from './key-source.ts';
import { createTokenVerifier, type VerifyToken } from './token.ts';
import type { TokenConfig } from './token-config.ts';

/** A verifier with what stands behind it. */
export interface OpenToken {
  readonly verify: VerifyToken;
  readonly required: boolean;
  close(): void;
}

/**
 * Makes a verifier as the configuration has it. Keys at a URL are fetched with the first token: a gateway starts without.
 *
 * @param directory what the paths of files are relative to
 * @param onError told when keys cannot be fetched or read later on
 * @throws GraylaneError `GL_CONFIG_INVALID` when a secret or a file of keys cannot be used
 */
export async function openToken(
  config: TokenConfig,
  directory: string,
  onError: (error: Error) => void,
): Promise<OpenToken> {
  const { getKey, close } = await openKeys(config, directory, onError);
  return { verify: createTokenVerifier({ ...config, getKey }), required: config.required, close };
}

async function openKeys(
  { keys, fetch }: TokenConfig,
  directory: string,
  onError: (error: Error) => void,
): Promise<{ getKey: JWTVerifyGetKey; close: () => void }> {
  if ('url' in keys) return { getKey: remoteKeySet({ ...keys, ...fetch, onError }), close: () => {} };
  if ('file' in keys) {
    const { getKey, file } = keyFile(resolve(directory, keys.file), onError);
    await file.ready();
    return { getKey, close: () => file.close() };
  }
  const [key] = (await openSigningKeys([keys.secret], directory)).values();
  return { getKey: async () => (key as NonNullable<typeof key>).secret, close: () => {} };
}
