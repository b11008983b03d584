import { type ExecFileOptions, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, readPackages } from './edges/workspace.ts';

/** Runs a program to its end. When it fails, the error says all that it printed. */
async function run(command: string, args: readonly string[], options: ExecFileOptions): Promise<Printed> {
  const { promise, resolve, reject } = Promise.withResolvers<Printed>();
  execFile(command, args, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
    if (error) reject(new Error(`${error.message}\n${stdout}`));
    else resolve({ stdout, stderr });
  });
  return promise;
}

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

const published = readPackages().filter(({ manifest }) => !manifest.private);
const directory = mkdtempSync(join(tmpdir(), 'graylane-pack-'));
const project = join(directory, 'project');

/** Runs a program in the project, as its users would: with no condition of ours. */
const inProject = (command: string, ...args: string[]): Promise<Printed> => {
  const { NODE_OPTIONS: _, PATH, ...env } = process.env;
  // The Node of the tests first, which need not be the machine's.
  return run(command, args, { cwd: project, env: { ...env, PATH: `${dirname(process.execPath)}${delimiter}${PATH}` } });
};

/** Builds every package anew, packs it, and installs what came out in an empty project. */
beforeAll(async () => {
  for (const each of published) rmSync(join(ROOT, each.directory, 'dist'), { recursive: true, force: true });
  rmSync(join(ROOT, '.tsbuild'), { recursive: true, force: true });
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--build'], { cwd: ROOT });
  for (const each of published)
    await run('npx', ['--yes', 'pnpm@12.21.0', 'pack', '--pack-destination', directory], {
      cwd: join(ROOT, each.directory),
    });
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  const tarballs = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await inProject('npm', 'install', ...quiet, ...tarballs.map((name) => join(directory, name)));
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('what is published', () => {
  it('is every package, with no reference to the workspace', async () => {
    expect(readdirSync(directory).filter((name) => name.endsWith('.tgz'))).toHaveLength(published.length);
    const { stdout } = await inProject('npm', 'ls', '--all', '--json');
    expect(stdout).not.toContain('workspace:');
    expect(Object.keys(JSON.parse(stdout).dependencies).toSorted()).toEqual(
      published.map(({ manifest }) => manifest.name).toSorted(),
    );
  });

  it.each(published.map(({ manifest }) => [manifest.name, manifest] as const))(
    '%s can be imported by each of its subpaths, and exports what its source does',
    async (name, manifest) => {
      const subpaths = Object.keys(manifest.exports ?? {}).map((subpath) => `${name}${subpath.slice(1)}`);
      const list = `const names = {};
        for (const path of ${JSON.stringify(subpaths)}) names[path] = Object.keys(await import(path)).sort();
        console.log(JSON.stringify(names));`;
      const built = await inProject(process.execPath, '--input-type=module', '-e', list);
      const { stdout: source } = await run(
        process.execPath,
        ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', list],
        { cwd: join(ROOT, 'test') },
      );
      expect(built.stderr).toBe('');
      expect(JSON.parse(built.stdout)).toEqual(JSON.parse(source));
      expect(Object.values<string[]>(JSON.parse(built.stdout)).filter((names) => names.length === 0)).toEqual([]);
    },
  );

  it('has types that a strict project compiles with', async () => {
    const imports = published.flatMap(({ manifest }) =>
      Object.keys(manifest.exports ?? {}).map((subpath) => `${manifest.name}${subpath.slice(1)}`),
    );
    const lines = imports.map((path, index) => `export * as n${index} from '${path}';`);
    writeFileSync(join(project, 'all.ts'), lines.join('\n'));
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    const roots = ['--typeRoots', join(ROOT, 'node_modules/@types')];
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await inProject(process.execPath, tsc, ...options, ...roots, 'all.ts');
    expect(stdout).toBe('');
  });

  it('has the command', async () => {
    const { stdout } = await inProject(join(project, 'node_modules/.bin/graylane'), '--help');
    expect(stdout).toMatch(/^Usage: graylane \[options\] \[command\]\n/);
  });

  it('runs the command on a policy', async () => {
    writeFileSync(
      join(project, 'policy.yaml'),
      'version: 1\nlanes: { gray: {} }\nrules: [{ name: all, lane: gray }]\n',
    );
    const { stdout } = await inProject(join(project, 'node_modules/.bin/graylane'), 'policy', 'check', 'policy.yaml');
    expect(stdout).toMatch(/^policy\.yaml: good, 1 rule, 1 lane, /);
  });
});
