import type { CompiledPolicy } from '@graylane/core';
import type { Snapshot } from '@graylane/sources';
import { filePolicy } from '@graylane/sources/file';
import { openRegistry } from '@graylane/sources/open';

/** A source's content, or the first error that says why there is none: nobody who asks once wants to wait for a retry. */
async function readOnce<Source extends { ready(): Promise<void>; close(): Promise<void> }, Content>(
  open: (onError: (error: Error) => void) => Source | Promise<Source>,
  contentOf: (source: Source) => Content,
): Promise<Content> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const source = await open(reject);
  try {
    await Promise.race([source.ready(), failed]);
    return contentOf(source);
  } finally {
    await source.close();
  }
}

/**
 * The policy in a file, with the files that its segments name.
 *
 * @throws GraylaneError `GL_POLICY_INVALID` or `GL_POLICY_UNAVAILABLE`
 */
export function readPolicy(path: string): Promise<CompiledPolicy> {
  return readOnce(
    (onError) => filePolicy({ path, onError }),
    (source) => source.current() as CompiledPolicy,
  );
}

/** What a registry knows now, and the registry's name for messages. */
export interface ReadRegistry extends Snapshot {
  readonly name: string;
}

/**
 * What the registry that a URL names knows now. The token of one that wants it comes from the environment.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID`, `GL_REGISTRY_UNAVAILABLE`, `GL_REGISTRY_REFUSED` or `GL_INSTANCES_INVALID`
 */
export function readRegistry(url: string): Promise<ReadRegistry> {
  const token = process.env.GRAYLANE_REGISTRY_TOKEN;
  return readOnce(
    (onError) => openRegistry(url, { onError, ...(token !== undefined && { token }) }),
    (registry) => ({ name: registry.name, ...registry.snapshot() }),
  );
}
