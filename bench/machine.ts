import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { delimiter, join } from 'node:path';

/** What a result depends on: shown above it, and to be quoted with it. */
export function describeMachine(): Record<string, string> {
  return {
    node: process.version,
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, ${process.platform}`,
    programs: programVersions(),
    peers: peerVersions(),
  };
}

/** Where a program is, or undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/** Whether CPU time of a process and of the machine can be read as the load suites need it. */
export const canAccount: boolean = isReadable('/proc/self/schedstat') && isReadable('/proc/stat');

/** The cores of a load test: the measured process on one, all others on the other. Undefined where there are not two. */
export const CORES: { readonly measured: string; readonly others: string } | undefined =
  availableParallelism() >= 2 && findProgram('taskset') ? { measured: '1', others: '0' } : undefined;

/** The versions of the programs that are installed. */
function programVersions(): string {
  const found = ['nginx', 'haproxy', 'wrk'].flatMap((name) => {
    const path = findProgram(name);
    if (!path) return [];
    const { stdout, stderr } = spawnSync(path, ['-v'], { encoding: 'utf8' });
    return [`${name} ${/\d+\.\d+[.\d]*/.exec(stdout + stderr)?.[0] ?? 'of an unknown version'}`];
  });
  return found.join(', ') || 'none of nginx, haproxy, wrk';
}

function peerVersions(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const versions = Object.entries<string>(dependencies).filter(([name]) => !name.startsWith('@graylane/'));
  return versions.map(([name, version]) => `${name} ${version}`).join(', ');
}

function isExecutable(path: string): boolean {
  return access(path, constants.X_OK);
}

function isReadable(path: string): boolean {
  return access(path, constants.R_OK);
}

function access(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
