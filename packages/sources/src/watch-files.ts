import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How files are watched. */
export interface WatchFilesOptions {
  /** How often to look at the files where the system does not tell of changes, in milliseconds. Default 2,000. */
  readonly pollMs?: number;
}

/** How long files must be still before they are read, and how often to wait for that. */
const STILL_MS = 40;
const STILL_TRIES = 10;

/**
 * Calls `read` now and whenever a file that it has read changes, until `signal` aborts. What counts is which file stands
 * at a path: written in place, replaced by rename, deleted and made again, or swapped by a symbolic link as Kubernetes
 * does with a ConfigMap. The directories are watched, and looked at now and then, for not every file system tells.
 *
 * @param first the files to watch before `read` has said which
 * @param read reads them and resolves to their paths; when it rejects, so does this
 * @param unchanged is called whenever the files were looked at and are as before
 */
export async function watchFiles(
  first: readonly string[],
  read: () => Promise<readonly string[]>,
  unchanged: () => void,
  signal: AbortSignal,
  { pollMs = 2_000 }: WatchFilesOptions = {},
): Promise<void> {
  const directories = watchDirectories(signal);
  let paths = first;
  try {
    while (!signal.aborted) {
      directories.watch(paths);
      const before = await fingerprint(paths);
      const known = paths;
      paths = await read();
      if (!sameSet(known, paths)) continue; // others are watched first and then read, so that no change falls between
      while (!signal.aborted) {
        const noticed = await directories.next(pollMs);
        if ((await fingerprint(paths)) !== before) {
          if (!noticed) directories.close(); // they are no longer the ones that stand at the path
          break;
        }
        unchanged();
      }
      await stillness(paths, signal);
    }
  } finally {
    directories.close();
  }
}

/** Waits until nobody has written for a moment, so that what is read is whole; but not for ever. */
async function stillness(paths: readonly string[], signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < STILL_TRIES && !signal.aborted; attempt++) {
    const before = await fingerprint(paths);
    await sleep(STILL_MS, undefined, { signal, ref: false }).catch(() => {});
    if ((await fingerprint(paths)) === before) return;
  }
}

/** What tells one state of files from another without reading them. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const prints = paths.map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found ? [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ') : 'missing';
  });
  return (await Promise.all(prints)).join('\n');
}

interface DirectoryWatch {
  /** Watches the directories of these files, and no other. */
  watch(paths: readonly string[]): void;
  /** Resolves to true when something happened in them since the last call, to false after `withinMs` or an abort. */
  next(withinMs: number): Promise<boolean>;
  close(): void;
}

function watchDirectories(signal: AbortSignal): DirectoryWatch {
  const watchers = new Map<string, FSWatcher>();
  let happened = false;
  let wake = (): void => {};

  const drop = (directory: string): void => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  const add = (directory: string): void => {
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        happened = true;
        wake();
      });
      watcher.on('error', () => drop(directory));
      watchers.set(directory, watcher);
    } catch {
      // it does not exist, or the system has no watches left: then it is only looked at
    }
  };

  return {
    watch(paths) {
      const wanted = new Set(paths.map((path) => dirname(path)));
      for (const directory of watchers.keys()) if (!wanted.has(directory)) drop(directory);
      for (const directory of wanted) if (!watchers.has(directory)) add(directory);
    },
    async next(withinMs) {
      if (!happened) {
        const woken = new AbortController();
        wake = () => woken.abort();
        await sleep(withinMs, undefined, { signal: AbortSignal.any([signal, woken.signal]), ref: false }).catch(
          () => {},
        );
      }
      const noticed = happened;
      happened = false;
      return noticed;
    },
    close() {
      for (const directory of [...watchers.keys()]) drop(directory);
    },
  };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path) => b.includes(path));
}
