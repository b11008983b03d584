import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a program of `test/programs` in a process of its own. */
export function start(program: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const flags = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning'];
  return spawn(process.execPath, [...flags, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs a program to its end. Resolves to what it printed and its exit code. */
export async function run(program: string, args: readonly string[]): Promise<{ text: string; code: number | null }> {
  const child = start(program, args);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { text: text.trim(), code };
}
