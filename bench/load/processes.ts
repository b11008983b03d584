import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtOf } from '../build.ts';

/** A process of a load test. */
export interface Process {
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

/** Where and how a process runs. */
export interface Placement {
  /** The core that it may use; undefined for all. */
  readonly core: string | undefined;
  /** Where it leaves a CPU profile; undefined for none. */
  readonly profile?: string | undefined;
}

/**
 * Starts the compiled form of a script of ours in a Node of its own, on the built packages. It says with its first message what others need to know, its ports mostly,
 * and ends when this process lets go of it.
 */
export async function startScript<Ready>(
  script: URL,
  args: readonly string[],
  { core, profile }: Placement,
): Promise<Process & { readonly ready: Ready }> {
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval=500'];
  const built = builtOf(script);
  const command = [process.execPath, '--no-deprecation', ...flags, built, ...args];
  const child = start(command, core, 'ipc');
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${built} ${args.join(' ')} ended with ${code} before it was ready`);
  });
  const [ready] = await Promise.race([once(child, 'message'), failed]);
  return { pid: child.pid as number, ready, stop: () => stopped(child, () => child.disconnect()) };
}

/** Starts any program that runs in the foreground. */
export function startProgram(command: readonly string[], core: string | undefined): Process {
  const child = start(command, core);
  return { pid: child.pid as number, stop: () => stopped(child, () => child.kill()) };
}

/** In a script that was started so: says that it is ready, and ends when nobody wants it any more. */
export function isReady(message: unknown): void {
  process.once('disconnect', () => process.exit(0));
  process.send?.(message);
}

function start(command: readonly string[], core: string | undefined, ...extra: 'ipc'[]): ChildProcess {
  const [program = '', ...args] = core === undefined ? command : ['taskset', '-c', core, ...command];
  return spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', ...extra] });
}

async function stopped(child: ChildProcess, letGo: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  letGo();
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(kill);
}
