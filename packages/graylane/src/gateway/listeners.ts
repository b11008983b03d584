import { resolve } from 'node:path';
import type { ListenOptions, TLSOptions } from '@graylane/gateway';

/** Listeners with the paths of their files below the directory of the configuration. */
export function resolveListeners(
  directory: string,
  listeners: readonly ListenOptions[] | undefined,
): readonly ListenOptions[] {
  return (listeners ?? []).map((each) => ({ ...each, ...(each.tls && { tls: resolveTLS(directory, each.tls) }) }));
}

function resolveTLS(directory: string, tls: TLSOptions): TLSOptions {
  const below = (path: string): string => resolve(directory, path);
  return {
    ...tls,
    certificates: tls.certificates.map(({ cert, key }) => ({ cert: below(cert), key: below(key) })),
    ...(tls.clientCA !== undefined && { clientCA: below(tls.clientCA) }),
  };
}
