import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The last good content of a source, on disk. It is written to a new file that then takes the old one's place, so that a
 * reader or a crash never meets half of it; only the owner may read it. It holds what the source said and no credential.
 */
export interface StateFile {
  /** What was kept, or undefined when there is nothing that can be read. */
  load(): Promise<unknown>;
  /** Keeps a value. Writes are not faster than one after the other; of values that come meanwhile only the last is kept. */
  save(value: unknown): void;
  /** Resolves when all that was saved is on disk. */
  flushed(): Promise<void>;
}

/** Keeps a source's last good content in `directory`. Without a directory nothing is kept. */
export function openStateFile(directory: string | undefined, name: string, onError: (error: Error) => void): StateFile {
  if (directory === undefined) return { load: async () => undefined, save: () => {}, flushed: async () => {} };
  const path = join(directory, `${name.replace(/[^\w.-]+/g, '_')}.json`);
  let waiting: { value: unknown } | undefined;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting) {
      const { value } = waiting;
      waiting = undefined;
      await replaceFile(path, JSON.stringify(value)).catch(onError);
    }
    writing = undefined;
  };

  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error as Error);
        return undefined;
      }
    },
    save(value) {
      waiting = { value };
      writing ??= writeAll();
    },
    flushed: async () => writing,
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}.new`;
  try {
    await writeFile(fresh, text, { mode: 0o600, flush: true });
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}
