import { readFile } from 'node:fs/promises';
import { GraylaneError } from '@graylane/core';
import { type WatchFilesOptions, watchFiles } from '@graylane/sources';

/** What a file stands for, as it changes. */
export interface LiveFile<Content> {
  /** Resolves when the file was read for the first time; rejects with `GL_CONFIG_INVALID` when that failed. */
  ready(): Promise<void>;
  /** The last good content; undefined before there is one. */
  current(): Content | undefined;
  /** Stops watching. */
  close(): void;
}

/** How a file is followed. */
export interface LiveFileOptions extends WatchFilesOptions {
  /** Told when the file cannot be read or understood; what was read before stays. */
  readonly onError: (error: Error) => void;
}

/**
 * Reads a file now and whenever it changes.
 *
 * @param parse what the file stands for; throws when it stands for nothing, and then the last good content stays
 */
export function liveFile<Content>(
  path: string,
  parse: (bytes: Buffer) => Content | Promise<Content>,
  { onError, ...watching }: LiveFileOptions,
): LiveFile<Content> {
  const closing = new AbortController();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {}); // told by onError too
  let content: Content | undefined;
  const read = async (): Promise<readonly string[]> => {
    try {
      content = await parse(await readFile(path));
      first.resolve();
    } catch (cause) {
      const why = (cause as Error).message;
      const error = new GraylaneError('GL_CONFIG_INVALID', `${path} cannot be used: ${why}`, { cause });
      first.reject(error);
      onError(error);
    }
    return [path];
  };
  watchFiles([path], read, () => {}, closing.signal, watching).catch(onError);
  return { ready: () => first.promise, current: () => content, close: () => closing.abort() };
}
