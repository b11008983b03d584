// Runs every check that needs no server, says which failed, and ends with their status.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const published = readdirSync('packages').filter((name) => {
  const { private: isPrivate } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  return !isPrivate;
});

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['types', 'tsc', '-p', 'tsconfig.check.json'],
  ['build', 'tsc', '--build'],
  [
    'package edges',
    'node',
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    'test/edges.test.ts',
  ],
  ['unused code and dependencies', 'knip'],
  ...published.map(
    (name) => [`package ${name}`, 'publint', 'run', `packages/${name}`, '--pack', 'false', '--strict'] as const,
  ),
];

const failed: string[] = [];
for (const [name, command, ...args] of checks) {
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${command}`, args, { encoding: 'utf8' });
  console.log(`${status === 0 ? 'ok    ' : 'failed'} ${name}`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`${stdout}${stderr}`.trimEnd());
}
console.log(
  failed.length === 0
    ? `All ${checks.length} checks passed.`
    : `${failed.length} of ${checks.length} failed: ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
