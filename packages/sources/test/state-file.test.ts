import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStateFile } from '../src/state-file.ts';
import { start } from './program.ts';

let directory = '';
const errors: Error[] = [];
const open = (name = 'instances-http://127.0.0.1:8700/x'): ReturnType<typeof openStateFile> =>
  openStateFile(directory, name, (error) => errors.push(error));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'graylane-'));
  errors.length = 0;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a state file', () => {
  it('gives back what was saved last', async () => {
    const file = open();
    for (let number = 1; number <= 50; number++) file.save({ number });
    await file.flushed();
    expect(await open().load()).toEqual({ number: 50 });
    expect(await readdir(directory)).toEqual(['instances-http_127.0.0.1_8700_x.json']);
  });

  it('makes its directory, and keeps both to its owner', async () => {
    directory = join(directory, 'a', 'b');
    const file = open('policy');
    file.save([1]);
    await file.flushed();
    expect((await stat(join(directory, 'policy.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('is nothing when there is none, and says so when it cannot be read', async () => {
    expect(await open().load()).toBeUndefined();
    expect(errors).toEqual([]);
    await writeFile(join(directory, 'policy.json'), '{"half":');
    expect(await open('policy').load()).toBeUndefined();
    expect(errors).toHaveLength(1);
  });

  it('reports that it cannot be written, and goes on', async () => {
    directory = join(directory, 'file');
    await writeFile(directory, '');
    const file = open();
    file.save(1);
    await file.flushed();
    file.save(2);
    await file.flushed();
    expect(errors).toHaveLength(2);
  });

  it('keeps nothing without a directory', async () => {
    const file = openStateFile(undefined, 'policy', (error) => errors.push(error));
    file.save(1);
    await file.flushed();
    expect(await file.load()).toBeUndefined();
  });

  it('is whole, old or new, whenever its writer is killed', async () => {
    for (let round = 1; round <= 8; round++) {
      const writer = start('save-for-ever.ts', [directory]);
      await once(writer.stdout as NodeJS.ReadableStream, 'data');
      let events = 0;
      // In the middle of what it does: the system tells of each step of a write.
      const watcher = watch(directory, () => ++events > 3 * round && writer.kill('SIGKILL'));
      await once(writer, 'close');
      watcher.close();
      const { length, text } = (await open('instances').load()) as { length: number; text: string };
      expect(text).toHaveLength(length);
    }
  });
});
