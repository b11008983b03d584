import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';

const MAIN = new URL('../bench/fuzz/main.ts', import.meta.url).pathname;

// In a process of its own: the coverage that guides the fuzzer slows down all that runs beside it. The seed is fixed, so a
// run differs from the one before only in how far it comes.
it('nothing from outside makes the engine throw, answer wrongly, or cost more than its length', () => {
  const options = ['--conditions=@graylane/source', MAIN, '--minutes', '0.33', '--seed', '1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([expect.stringMatching(/(?:\w+ +\d+ executions.*\n){6}$/), '']);
  expect(status).toBe(0);
}, 180_000);
