import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The root of the workspace. */
export const ROOT: string = resolve(import.meta.dirname, '../..');

/** What the tests read of a package.json. */
export interface PackageManifest {
  readonly name: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: { readonly node?: string };
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package of the workspace. */
export interface Package {
  readonly directory: string;
  readonly manifest: PackageManifest;
  /** Its source files, relative to the root. */
  readonly sources: readonly string[];
}

/** The packages under `packages/`. */
export function readPackages(): readonly Package[] {
  return readdirSync(join(ROOT, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((directory) => existsSync(join(ROOT, directory, 'package.json')))
    .map((directory) => ({
      directory,
      manifest: JSON.parse(readText(`${directory}/package.json`)) as PackageManifest,
      sources: projectFiles().filter((file) => file.startsWith(`${directory}/src/`) && file.endsWith('.ts')),
    }));
}

/** Every file of the project that git has or would take, relative to the root. */
export function projectFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

export function readText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** The code of a source file without its comments. */
export function readCode(file: string): string {
  return readText(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
}

/** One import of a file. */
export interface Import {
  readonly specifier: string;
  /** Whether nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
}

const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\b(?:import|require|createRequire\([^)]*\))\(\s*'([^']+)'\s*\)/g;

/** All imports and re-exports of a file: static, dynamic, and by `require`. */
export function importsOf(file: string): Import[] {
  const code = readCode(file);
  return [
    ...[...code.matchAll(STATIC)].map(([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...[...code.matchAll(DYNAMIC)].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
}

/** The source file that an import means; undefined when it is none of ours. */
export function targetOf(file: string, specifier: string, packages: readonly Package[]): string | undefined {
  if (specifier.startsWith('.')) return relative(ROOT, resolve(ROOT, dirname(file), specifier));
  for (const { directory, manifest } of packages) {
    if (specifier !== manifest.name && !specifier.startsWith(`${manifest.name}/`)) continue;
    const entry = manifest.exports?.[`.${specifier.slice(manifest.name.length)}`]?.['@graylane/source'];
    if (entry !== undefined) return join(directory, entry);
  }
  return undefined;
}

/** The package that a specifier names: `@graylane/core`, `undici`, `node:fs`. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
