import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const FLAGS = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning'];
const MAIN = resolve(import.meta.dirname, '../src/main.ts');

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs on. */
export interface Running {
  readonly child: ChildProcess;
  /** All that it has printed. */
  readonly printed: { stdout: string; stderr: string };
  /** Resolves when it has printed a match, in whichever output; rejects when it ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to end and resolves with its status. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Runs the command to its end. */
export async function run(
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawnNode([MAIN, ...args], options.env);
  child.stdin?.end(options.input ?? '');
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}

/** Starts the command. Whoever starts it ends it. */
export function start(args: readonly string[], env?: NodeJS.ProcessEnv): Running {
  return follow(spawnNode([MAIN, ...args], env));
}

/** Starts a service of `test/service.ts` and resolves when it is registered. */
export async function startService(env: NodeJS.ProcessEnv): Promise<Running> {
  const service = follow(spawnNode([join(import.meta.dirname, 'service.ts')], env));
  await service.until(/registered/);
  return service;
}

function spawnNode(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const cache = join(tmpdir(), 'graylane-test-compiled');
  return spawn(process.execPath, [...FLAGS, ...args], {
    env: { ...inherited, NODE_COMPILE_CACHE: cache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function follow(child: ChildProcess): Running {
  const printed = { stdout: '', stderr: '' };
  const looking = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      printed[name] += chunk;
      for (const look of looking) look();
    });
  const closed = once(child, 'close');
  return {
    child,
    printed,
    until: (pattern) =>
      new Promise((found, reject) => {
        const look = (): void => {
          const match = pattern.exec(printed.stdout) ?? pattern.exec(printed.stderr);
          if (match) looking.delete(look);
          if (match) found(match);
        };
        looking.add(look);
        look();
        void closed.then(() => reject(new Error(`${pattern} was never printed: ${printed.stdout}${printed.stderr}`)));
      }),
    async end(signal) {
      child.kill(signal);
      const [status] = await closed;
      return status;
    },
  };
}

/** A directory of its own with these files, and how to get rid of it. */
export function directoryWith(
  files: Readonly<Record<string, string>>,
): Disposable & { readonly path: (name: string) => string } {
  const directory = mkdtempSync(join(tmpdir(), 'graylane-command-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return {
    path: (name) => join(directory, name),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
