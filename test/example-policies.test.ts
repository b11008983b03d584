import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CompiledPolicy, lintPolicy, parseExpectations, runExpectations } from '@graylane/core';
import { filePolicy } from '@graylane/sources/file';
import { describe, expect, it } from '@jest/globals';

const DIRECTORY = resolve(import.meta.dirname, '../examples/policies');
const NAMES = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.cases.yaml'))
  .map((name) => name.slice(0, -'.cases.yaml'.length));

async function read(name: string): Promise<CompiledPolicy> {
  const source = filePolicy({ path: join(DIRECTORY, `${name}.yaml`) });
  await source.ready();
  const policy = source.current() as CompiledPolicy;
  await source.close();
  return policy;
}

describe('the example policy', () => {
  it('is there for each strategy, with its expectations', () => {
    expect(readdirSync(DIRECTORY).filter((name) => name.endsWith('.yaml'))).toHaveLength(2 * NAMES.length);
    expect(NAMES.length).toBeGreaterThanOrEqual(18);
  });

  it.each(NAMES)('%s decides as it says, and lint finds nothing', async (name) => {
    const compiled = await read(name);
    const expectations = parseExpectations(readFileSync(join(DIRECTORY, `${name}.cases.yaml`), 'utf8'), 0);
    const results = runExpectations(compiled, expectations);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results.length).toBeGreaterThan(1);
    expect(lintPolicy(compiled, { now: 0 })).toEqual([]);
  });

  it.each(NAMES)('%s is linked from the guide', (name) => {
    const guide = readFileSync(resolve(import.meta.dirname, '../docs/guide/rules.md'), 'utf8');
    expect(guide).toContain(`(../../examples/policies/${name}.yaml)`);
  });
});
