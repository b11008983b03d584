import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILER = `${ROOT}node_modules/.bin/tsc`;

/**
 * Compiles the packages into their `dist`, as they are published, and with them the scripts that are measured: a process
 * that strips types itself holds the compiler for that in memory. What did not change is not compiled again. Types that
 * do not fit make a note and no end, for what runs is written all the same.
 *
 * @throws Error with what the compiler said, when it wrote nothing to run
 */
export function build(): string[] {
  // The compiler goes by its notes on the last run, and does not look whether what it wrote then is still there.
  const force = outputs().every((output) => existsSync(output)) ? [] : ['--force'];
  const { status, stdout, stderr } = spawnSync(COMPILER, ['--build', ...force, 'bench'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  if (!outputs().every((output) => existsSync(output))) throw new Error(`nothing was built:\n${stdout}${stderr}`);
  return ['the packages have type errors (npm run build); what is measured was built in spite of them'];
}

/** Where the compiled form of one of the bench's own scripts is. */
export function builtOf(script: URL): string {
  const source = fileURLToPath(new URL('.', import.meta.url));
  return fileURLToPath(script).replace(source, `${source}dist/`).replace(/\.ts$/, '.js');
}

function outputs(): string[] {
  const sources = ['core', 'sources', 'node', 'gateway'].flatMap((name) =>
    globSync(`packages/${name}/src/**/*.ts`, { cwd: ROOT }),
  );
  return sources.map((source) => `${ROOT}${source.replace('/src/', '/dist/').replace(/\.ts$/, '.js')}`);
}
