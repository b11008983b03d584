import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  importsOf,
  packageOf,
  projectFiles,
  ROOT,
  readCode,
  readPackages,
  readText,
  targetOf,
} from './edges/workspace.ts';

const packages = readPackages();
const sources = packages.flatMap((each) => each.sources);

/** Which packages of ours each one may know. A package that is missing here fails. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  '@graylane/core': [],
  '@graylane/sources': ['@graylane/core'],
  '@graylane/node': ['@graylane/core', '@graylane/sources'],
  '@graylane/gateway': ['@graylane/core', '@graylane/sources', '@graylane/node'],
  '@graylane/testkit': ['@graylane/core', '@graylane/sources'],
  graylane: packages.map(({ manifest }) => manifest.name),
};

const isOurs = (name: string): boolean => name === 'graylane' || name.startsWith('@graylane/');

describe('packages', () => {
  it.each(packages)('$manifest.name depends on no package of ours that the design does not let it', ({ manifest }) => {
    const needed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(isOurs);
    const allowed = MAY_IMPORT[manifest.name] ?? [];
    expect(MAY_IMPORT).toHaveProperty([manifest.name]);
    expect(needed.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it.each(packages)(
    '$manifest.name imports only what it declares, Node, and itself',
    ({ manifest, sources: files }) => {
      const declared = [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })];
      const undeclared = files.flatMap((file) =>
        importsOf(file)
          .map(({ specifier }) => packageOf(specifier))
          .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !declared.includes(name))
          .map((name) => `${file}: ${name}`),
      );
      expect(files.length).toBeGreaterThan(0);
      expect(undeclared).toEqual([]);
    },
  );

  it('do not depend on each other in a circle', () => {
    const edges = new Map(
      packages.map(({ manifest }) => [manifest.name, Object.keys(manifest.dependencies ?? {}).filter(isOurs)]),
    );
    expect(cyclesIn(edges)).toEqual([]);
  });

  it('keep core to re2js and yaml', () => {
    const core = packages.find(({ manifest }) => manifest.name === '@graylane/core');
    expect(Object.keys(core?.manifest.dependencies ?? {})).toEqual(['re2js', 'yaml']);
  });

  it('keep core free of Node, of clocks and of chance, so that it loads in a browser and answers the same everywhere', () => {
    const core = sources.filter((file) => file.startsWith('packages/core/'));
    const impure =
      /\b(?:(?:process|Buffer|performance)\.|(?:setTimeout|setInterval|fetch)\(|Date\.now|new Date\(\)|Math\.random)/;
    expect(core.filter((file) => importsOf(file).some(({ specifier }) => specifier.startsWith('node:')))).toEqual([]);
    expect(core.filter((file) => impure.test(readCode(file)))).toEqual([]);
  });

  it.each(packages.filter(({ manifest }) => !manifest.private))('$manifest.name can be published', (published) => {
    const { directory, manifest } = published;
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/^[A-Z].{20,}[^.]$/),
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: expect.stringMatching(/^>=\d+\.\d+/) },
      files: ['dist', 'src'],
    });
    expect(Object.keys(manifest.exports ?? {})).toContain('.');
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      const source = target['@graylane/source'] ?? '';
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      // The order is the order in which conditions are tried.
      expect([subpath, ...Object.entries(target)]).toEqual([
        subpath,
        ['@graylane/source', source],
        ['types', `${built}.d.ts`],
        ['default', `${built}.js`],
      ]);
      expect(existsSync(join(ROOT, directory, source))).toBe(true);
    }
    for (const bin of Object.values(manifest.bin ?? {})) {
      const source = join(directory, bin.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
      expect(readText(source)).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });
});

describe('source files', () => {
  it('do not import each other in a circle, types aside', () => {
    const edges = new Map(
      sources.map((file) => [
        file,
        importsOf(file)
          .filter(({ typeOnly }) => !typeOnly)
          .map(({ specifier }) => targetOf(file, specifier, packages))
          .filter((target) => target !== undefined),
      ]),
    );
    expect([...edges.values()].flat().length).toBeGreaterThan(sources.length);
    expect([...edges.values()].flat().filter((target) => !edges.has(target))).toEqual([]);
    expect(cyclesIn(edges)).toEqual([]);
  });

  it('have at most 400 lines', () => {
    expect(sources.filter((file) => linesOf(file) > 400)).toEqual([]);
  });

  it('do not only pass on what others export, unless they are an index', () => {
    const reExport = /^(?:import|export)\b[^;]*?from\s+'[^']+';?\s*/;
    const isBarrel = (file: string): boolean => {
      let code = readCode(file).trim();
      while (reExport.test(code)) code = code.replace(reExport, '');
      return code === '' || /^export\s*\{[^}]*\};?$/.test(code);
    };
    const barrels = sources.filter(isBarrel).filter((file) => !/^packages\/[^/]+\/src\/index\.ts$/.test(file));
    expect(barrels).toEqual([]);
  });
});

describe('the main path', () => {
  const section = /\n## The main path\n([\s\S]*?)\n## /.exec(readText('README.md'))?.[1] ?? '';
  const steps = [...section.matchAll(/^\d+\. \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, text, target]) => ({ text, target }));

  it('is listed in the README, in files that exist', () => {
    expect(steps.length).toBeGreaterThan(5);
    expect(steps.filter(({ text, target }) => text !== target)).toEqual([]);
    expect(steps.filter(({ target }) => !sources.includes(target as string))).toEqual([]);
  });

  it('can be read in one sitting: at most ten files with 1,200 lines in all', () => {
    const lines = steps.map(({ target }) => linesOf(target as string));
    expect(steps.length).toBeLessThanOrEqual(10);
    expect(lines.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(1_200);
  });
});

describe('names', () => {
  it('of files say what is in them', () => {
    const empty = /(?:^|[/._-])(?:utils?|common|helpers?|managers?|shared|misc)(?:[/._-]|$)/i;
    expect(projectFiles().length).toBeGreaterThan(100);
    expect(projectFiles().filter((file) => empty.test(file))).toEqual([]);
  });
});

function linesOf(file: string): number {
  return readText(file).trimEnd().split('\n').length;
}

/** The circles that a depth-first walk of a graph comes upon, each as the names on it. */
function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at !== -1) cycles.push([...path.slice(at), node].join(' → '));
    if (at !== -1 || done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return cycles;
}
