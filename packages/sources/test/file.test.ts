import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instance, type Issue, isGraylaneError } from '@graylane/core';
import type { Registry } from '@graylane/sources';
import { filePolicy, fileRegistry } from '@graylane/sources/file';
import { eventually, policySourceSuite, registrySuite, shown } from '@graylane/testkit';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSegmentFiles } from '../src/segment-files.ts';

registrySuite(
  { describe, it },
  'file',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'graylane-'));
    const path = join(directory, 'instances.yaml');
    let text = '[]';
    let there = true;
    const write = async (): Promise<void> => {
      if (there) await writeFile(path, text);
    };
    return {
      open: (options) => fileRegistry({ path, pollMs: 100, ...options }),
      set: async (instances) => {
        text = JSON.stringify(instances.map(withoutLane));
        await write();
      },
      listed: async () => [],
      stop: async () => {
        there = false;
        await rm(path, { force: true });
      },
      start: async () => {
        there = true;
        await write();
      },
      corrupt: () => writeFile(path, text.slice(0, -3)),
      secrets: [],
      close: () => rm(directory, { recursive: true }),
    };
  },
  {
    registration: 'files are only read',
    leaving: 'a file does not say why an instance is missing',
    forgetting: 'a file that is there has its content',
  },
);

policySourceSuite({ describe, it }, 'file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'graylane-'));
  const path = join(directory, 'policy.yaml');
  let there = true;
  let text = '';
  const replace = async (file: string, content: string): Promise<void> => {
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
  };
  return {
    open: (options) => filePolicy({ path, pollMs: 100, ...options }),
    set: async (next, segments = {}) => {
      text = next;
      for (const [name, content] of Object.entries(segments)) await replace(join(directory, name), content);
      if (there) await replace(path, text);
    },
    half: (part) => writeFile(path, part),
    stop: async () => {
      there = false;
      await rm(directory, { recursive: true, force: true });
    },
    start: async () => {
      there = true;
      await mkdir(directory);
      await replace(path, text);
    },
    secrets: [],
    close: () => rm(directory, { recursive: true, force: true }),
  };
});

/** The lane is left to be read from the metadata. */
function withoutLane({ lane: _lane, ...rest }: Instance): Omit<Instance, 'lane'> {
  return rest;
}

describe('a file that is watched', () => {
  const orders = (...ports: number[]): string =>
    `orders:\n${ports.map((port) => `- { host: a, port: ${port} }\n`).join('')}`;
  let directory = '';
  let registry: Registry | undefined;
  const at = (name: string): string => join(directory, name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'graylane-'));
  });
  afterEach(async () => {
    await registry?.close();
    await rm(directory, { recursive: true });
  });

  /** Opens the file that has one instance, does something to it, and waits until another two are seen. */
  async function seen(path: string, change: () => Promise<void>, pollMs = 3_600_000): Promise<void> {
    registry = fileRegistry({ path, pollMs, backoffMs: 20, maxBackoffMs: 50, doubtMs: 0 });
    await registry.ready();
    expect(shown(registry, 'orders')).toBe('1');
    await change();
    await eventually('the change is seen', () => registry && shown(registry, 'orders') === '2 3');
  }

  it('may be written in place', async () => {
    await writeFile(at('i.yaml'), orders(1));
    await seen(at('i.yaml'), () => writeFile(at('i.yaml'), orders(2, 3)));
  });

  it('may be replaced, again and again', async () => {
    await writeFile(at('i.yaml'), orders(1));
    await seen(at('i.yaml'), async () => {
      for (let port = 10; port < 30; port++) {
        await writeFile(at('new'), orders(port));
        await rename(at('new'), at('i.yaml'));
      }
      await writeFile(at('new'), orders(2, 3));
      await rename(at('new'), at('i.yaml'));
    });
  });

  it('may be put aside and written anew, as editors do', async () => {
    await writeFile(at('i.yaml'), orders(1));
    await seen(at('i.yaml'), async () => {
      await rename(at('i.yaml'), at('i.yaml~'));
      await writeFile(at('i.yaml'), '');
      await appendFile(at('i.yaml'), orders(2, 3));
      await rm(at('i.yaml~'));
    });
  });

  it('may be deleted and made again later', async () => {
    await writeFile(at('i.yaml'), orders(1));
    await seen(at('i.yaml'), async () => {
      await rm(at('i.yaml'));
      await eventually('it is missed', () => registry?.status().freshness === 'stale');
      await writeFile(at('i.yaml'), orders(2, 3));
    });
  });

  it('may be swapped by a symbolic link to its directory, as Kubernetes does with a ConfigMap', async () => {
    await mkdir(at('..1'));
    await writeFile(at('..1/i.yaml'), orders(1));
    await symlink('..1', at('..data'));
    await symlink('..data/i.yaml', at('i.yaml'));
    await seen(at('i.yaml'), async () => {
      await mkdir(at('..2'));
      await writeFile(at('..2/i.yaml'), orders(2, 3));
      await symlink('..2', at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
      await rm(at('..1'), { recursive: true });
    });
  });

  it('may stand where nothing tells of changes: it is looked at', async () => {
    await mkdir(at('elsewhere'));
    await mkdir(at('here'));
    await writeFile(at('elsewhere/i.yaml'), orders(1));
    await symlink('../elsewhere/i.yaml', at('here/i.yaml'));
    await seen(at('here/i.yaml'), () => writeFile(at('elsewhere/i.yaml'), orders(2, 3)), 50);
  });

  it('may have its directory exchanged under it, more than once', async () => {
    await mkdir(at('d'));
    await writeFile(at('d/i.yaml'), orders(1));
    await seen(
      at('d/i.yaml'),
      async () => {
        for (const ports of [[4], [2, 3]]) {
          await mkdir(at('new'));
          await writeFile(at('new/i.yaml'), orders(...ports));
          await rename(at('d'), at('old'));
          await rename(at('new'), at('d'));
          await rm(at('old'), { recursive: true });
          await eventually('it is seen', () => registry && shown(registry, 'orders') === ports.join(' '));
        }
      },
      50,
    );
  });

  it('is refused with the place of every mistake', async () => {
    await writeFile(
      at('i.yaml'),
      'orders:\n- { host: a, port: 0, prot: 1 }\n- { host: a, port: 1, service: stock }\n- { host: a, port: 1 }\nstock: 7\n',
    );
    registry = fileRegistry({ path: at('i.yaml') });
    const error = await registry.ready().catch((thrown) => thrown);
    expect(isGraylaneError(error, 'GL_INSTANCES_INVALID')).toBe(true);
    expect(error.issues.map(({ path, at: place }: Issue) => [place?.line, path])).toEqual([
      [2, 'orders[0].port'],
      [2, 'orders[0].prot'],
      [3, 'orders[1].service'],
      [4, 'orders[2]'],
      [5, 'stock'],
    ]);
  });

  it('is refused when there is nothing in it', async () => {
    await writeFile(at('i.yaml'), '');
    registry = fileRegistry({ path: at('i.yaml') });
    await expect(registry.ready()).rejects.toThrow('write [] for none');
  });
});

describe('the segment files of a policy', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'graylane-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const policyWith = (...files: string[]): string =>
    `version: 1\nsegments:\n${files.map((file, index) => `  s${index}: { fact: ip, file: ${file} }\n`).join('')}`;

  it('stand beside it or below, or are named absolutely; they cannot be left of it', async () => {
    await mkdir(join(directory, 'conf', 'lists'), { recursive: true });
    await writeFile(join(directory, 'conf', 'lists', 'a.txt'), '\uFEFFann\n#bob\n\tcleo # not a comment\n');
    await writeFile(join(directory, 'outside.txt'), 'dora');
    const path = join(directory, 'conf', 'policy.yaml');
    const good = await readSegmentFiles(policyWith('lists/a.txt', join(directory, 'outside.txt')), path);
    expect([...good.members.values()]).toEqual([['ann', 'cleo # not a comment'], ['dora']]);
    expect(good.missing).toBeUndefined();
    const bad = await readSegmentFiles(policyWith('../outside.txt', 'lists/../../outside.txt', 'lists', 'none'), path);
    expect(bad.missing?.issues.map(({ path: place }) => place)).toEqual(
      [0, 1, 2, 3].map((index) => `segments.s${index}.file`),
    );
    expect(bad.paths).toEqual([join(directory, 'conf', 'lists'), join(directory, 'conf', 'none')]);
  });

  it('are not looked for while the policy has mistakes', async () => {
    const { members, paths, missing } = await readSegmentFiles('version: 2', join(directory, 'policy.yaml'));
    expect([members.size, paths, missing]).toEqual([0, [], undefined]);
  });
});
