import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const source = new URL('../src/', import.meta.url);
const files = readdirSync(source).filter((name) => name.endsWith('.ts'));
const read = (name: string): string => readFileSync(new URL(name, source), 'utf8');
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

describe('the package', () => {
  it('has its files', () => {
    expect(files).toContain('index.ts');
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s loads in a browser: it imports its neighbours and two pure libraries only', (name) => {
    const text = withoutComments(read(name));
    const imported = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] as string);
    for (const specifier of imported) expect(specifier).toMatch(/^(?:\.\/[a-z-]+\.ts|yaml|re2js)$/);
    const oneLine = text.match(/^(?:import|export) .* from\b/gm)?.length ?? 0;
    expect(imported.length).toBe(oneLine + (text.match(/^\} from\b/gm)?.length ?? 0));
  });

  it.each(files)('%s touches nothing that only Node.js has, no clock and no randomness', (name) => {
    const foreign =
      /\b(?:process|Buffer|require|__dirname|__filename|globalThis|setTimeout|setImmediate|setInterval|console|performance)\b|Date\.now|new Date\(\)|Math\.random/;
    expect(withoutComments(read(name)).replace(/'[^'\n]*'/g, "''")).not.toMatch(foreign);
  });

  const exported = [...read('index.ts').matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([^']+)'/g)].flatMap(
    ([, names = '', file = '']) =>
      names
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter((name) => name !== '')
        .map((name) => [name, file] as const),
  );

  it('exports nothing that this test does not see', () => {
    expect(exported.length).toBeGreaterThan(60);
    expect(read('index.ts').match(/\bfrom\b/g)?.length).toBe(new Set(exported.map(([, file]) => file)).size);
  });

  it.each(exported)('%s of %s says what it is', (name, file) => {
    const declaration = new RegExp(
      `\\*/\\nexport (?:declare |async )?(?:const|function|class|interface|type) ${name}\\b`,
    );
    expect(read(file)).toMatch(declaration);
  });

  it('loads, and everything it exports is there', async () => {
    const core: Record<string, unknown> = await import('../src/index.ts');
    for (const name of [
      'parseLane',
      'readLane',
      'writeLane',
      'parsePolicy',
      'compilePolicy',
      'decide',
      'createPicker',
      'GraylaneError',
    ])
      expect(typeof core[name]).toBe('function');
  });
});
