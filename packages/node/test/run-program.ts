import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What a program is started with. */
export interface ProgramOptions {
  /** Handed to the program, which reads it with `readInput`. */
  readonly input?: unknown;
  /** Modules that Node loads before the program. */
  readonly preload?: readonly URL[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program of `test/programs` in a Node of its own: hooks patch what all test files of a jest worker share. Returns
 * what it reported; an error that it did not catch fails the test with what it wrote.
 */
export async function runProgram<Result>(name: string, options: ProgramOptions = {}): Promise<Result> {
  const { stdout, stderr, code, signal } = await endOf(name, options);
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}:\n${stdout}${stderr}`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1));
}

/** Runs a program and says how it ended, whatever that was. */
export async function endOf(name: string, options: ProgramOptions = {}): Promise<ProgramEnd> {
  const program = startProgram(name, options);
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      program.once('error', reject).once('close', (...how) => resolve(how));
    }),
  ]);
  return { stdout, stderr, code, signal };
}

/** Starts a program and leaves the rest to the caller. */
export function startProgram(
  name: string,
  { input, preload = [], env = {} }: ProgramOptions,
): ReturnType<typeof spawnPiped> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const flags = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning'];
  const imports = preload.map(({ href }) => `--import=${href}`);
  const path = new URL(`./programs/${name}.ts`, import.meta.url).pathname;
  return spawnPiped([...flags, ...imports, path, JSON.stringify(input ?? {})], { ...inherited, ...env });
}

function spawnPiped(args: readonly string[], env: NodeJS.ProcessEnv) {
  // A program that hangs must not hang the tests.
  return spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
}

/** Runs jobs, two at a time: as many as the smallest machine of ours has processors. */
export async function inPairs<Item, Result>(
  items: readonly Item[],
  job: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await job(next[1]);
  };
  await Promise.all([work(), work()]);
  return results;
}
