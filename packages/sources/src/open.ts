import { GraylaneError } from '@graylane/core';
import type { KeeperOptions } from './keeper.ts';
import type { PolicySource } from './policy-source.ts';
import type { Registry } from './registry.ts';

/** Options for a source that is named by a URL. */
export interface OpenOptions extends KeeperOptions {
  /** A credential, where the source wants one. Never part of the URL, which is logged. */
  readonly token?: string;
}

/**
 * Opens the registry that a URL names; its driver is loaded only now.
 *
 * - `http://127.0.0.1:8700`, `https://…`: the embedded registry;
 * - `file:instances.yaml`, or a path: a file.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when no driver has this notation
 */
export async function openRegistry(url: string, options: OpenOptions = {}): Promise<Registry> {
  const { token, ...keeper } = options;
  switch (schemeOf(url)) {
    case 'http':
    case 'https': {
      const { httpRegistry } = await import('./http.ts');
      return httpRegistry({ url, ...(token !== undefined && { token }), ...keeper });
    }
    case 'file': {
      const { fileRegistry } = await import('./file.ts');
      return fileRegistry({ path: pathOf(url), ...keeper });
    }
    default:
      throw unknownSource(url, 'http://HOST:PORT or file:PATH');
  }
}

/**
 * Opens the policy source that a URL names: `file:policy.yaml`, or a path.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when no driver has this notation
 */
export async function openPolicy(url: string, options: OpenOptions = {}): Promise<PolicySource> {
  if (schemeOf(url) !== 'file') throw unknownSource(url, 'file:PATH or a path');
  const { filePolicy } = await import('./file.ts');
  const { token: _, ...keeper } = options;
  return filePolicy({ path: pathOf(url), ...keeper });
}

function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+]+):/i.exec(url)?.[1]?.toLowerCase() ?? 'file';
}

function pathOf(url: string): string {
  return url.replace(/^file:(?:\/\/)?/, '');
}

function unknownSource(url: string, known: string): GraylaneError {
  return new GraylaneError('GL_CONFIG_INVALID', `No driver takes "${schemeOf(url)}:": write ${known}`);
}
