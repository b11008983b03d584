import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ErrorCode, GraylaneError, isGraylaneError } from '@graylane/core';
import { parseInstancesFile } from './instances-file.ts';
import type { KeeperOptions } from './keeper.ts';
import { keepPolicy } from './policy-keeper.ts';
import type { PolicySource } from './policy-source.ts';
import type { Registry, RegistrySink } from './registry.ts';
import { keepRegistry } from './registry-keeper.ts';
import { readSegmentFiles } from './segment-files.ts';
import { type WatchFilesOptions, watchFiles } from './watch-files.ts';

/** Which file, and how it is kept. */
export interface FileOptions extends KeeperOptions, WatchFilesOptions {
  /** The file, absolute or relative to the working directory. */
  readonly path: string;
}

/**
 * The instances that a file lists, as it changes: YAML or JSON, a list of instances each with its `service`, or an object
 * `{ service: [instances] }`. A file with mistakes is refused whole and the last good content stays. To be sure that
 * nobody meets half a file, write it anew and rename it into place. Files take no registrations.
 */
export function fileRegistry(options: FileOptions): Registry {
  const path = resolve(options.path);
  return keepRegistry(
    {
      name: path,
      watch: (sink, signal) => {
        const read = async (): Promise<readonly string[]> => {
          const text = await readText(path, 'GL_REGISTRY_UNAVAILABLE');
          takeInstances(text, sink);
          return [path];
        };
        return watchFiles([path], read, sink.alive, signal, options);
      },
    },
    withPatience(options),
  );
}

/**
 * The policy in a file, as it changes: YAML or JSON. Files that its segments name stand beside it, one member a line, and
 * count as part of it. A policy with mistakes is refused whole and the last good one stays.
 */
export function filePolicy(options: FileOptions): PolicySource {
  const path = resolve(options.path);
  return keepPolicy(
    {
      name: path,
      watch: (sink, signal) => {
        const read = async (): Promise<readonly string[]> => {
          const text = await readText(path, 'GL_POLICY_UNAVAILABLE');
          const { members, paths, missing } = await readSegmentFiles(text, path);
          if (missing) sink.refuse(missing);
          else sink.push(text, members);
          return [path, ...paths];
        };
        return watchFiles([path], read, sink.alive, signal, options);
      },
    },
    withPatience(options),
  );
}

/** To look for a lost file costs nothing: it is done as often as one that is there is looked at. */
function withPatience(options: FileOptions): KeeperOptions {
  return { maxBackoffMs: options.pollMs ?? 2_000, ...options };
}

async function readText(path: string, code: ErrorCode): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new GraylaneError(code, `${path} cannot be read: ${cause.message}`, { cause });
  });
}

function takeInstances(text: string, sink: RegistrySink): void {
  try {
    sink.sync(parseInstancesFile(text));
  } catch (error) {
    if (!isGraylaneError(error, 'GL_INSTANCES_INVALID')) throw error;
    sink.refuse(error);
  }
}
