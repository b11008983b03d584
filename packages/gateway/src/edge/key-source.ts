import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GraylaneError, type Issue, type Value } from '@graylane/core';
import { parseSigningKey, type SigningKey, type SigningKeys } from './signing-key.ts';

/** Where a secret is: in a file, in a variable of the environment, or written down. */
export type KeySource = { readonly file: string } | { readonly env: string } | { readonly text: string };

/** Reads where a secret is. */
export function readKeySource(value: Value): KeySource | undefined {
  const fields = value.fields(['file', 'env', 'text']);
  if (!fields) return undefined;
  if (Object.keys(fields).length !== 1) return value.fail('needs one of file, env and text');
  const given = (fields.file ?? fields.env ?? fields.text)?.text();
  if (given === undefined) return undefined;
  if (fields.file) return { file: given };
  return fields.env ? { env: given } : { text: given };
}

/**
 * Gets keys from where they are, in the same order.
 *
 * @param directory what the paths of files are relative to
 * @throws GraylaneError `GL_CONFIG_INVALID` with what is wrong with each; the secrets themselves are not in it
 */
export async function openSigningKeys(
  sources: readonly KeySource[],
  directory: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<SigningKeys> {
  const keys = new Map<string, SigningKey>();
  const issues: Issue[] = [];
  for (const source of sources) {
    const key = await openKey(source, directory, env);
    if (typeof key === 'string') issues.push({ path: nameOf(source), message: key });
    else if (keys.has(key.id))
      issues.push({ path: nameOf(source), message: 'is a key that is named before: keep one' });
    else keys.set(key.id, key);
  }
  if (issues.length === 0) return keys;
  throw new GraylaneError('GL_CONFIG_INVALID', 'Keys cannot be used:', { issues });
}

async function openKey(source: KeySource, directory: string, env: NodeJS.ProcessEnv): Promise<SigningKey | string> {
  if ('text' in source) return parseSigningKey(source.text);
  if ('env' in source) {
    const text = env[source.env];
    return text === undefined ? 'is not set in the environment' : parseSigningKey(text);
  }
  const text = await readFile(resolve(directory, source.file), 'utf8').catch((error: Error) => error);
  return typeof text === 'string' ? parseSigningKey(text) : `cannot be read: ${text.message}`;
}

function nameOf(source: KeySource): string {
  if ('text' in source) return 'text';
  return 'env' in source ? source.env : source.file;
}
