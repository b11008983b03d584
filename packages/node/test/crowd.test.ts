import { beforeAll, describe, expect, it } from '@jest/globals';
import { USUAL } from './otel-apps.ts';
import type { CrowdReport } from './programs/crowd.ts';
import { inPairs, runProgram } from './run-program.ts';

const reports = new Map<string, CrowdReport>();

beforeAll(async () => {
  const done = await inPairs(USUAL, (cell) => runProgram<CrowdReport>('crowd', cell));
  for (const [at, { name }] of USUAL.entries()) reports.set(name, done[at] as CrowdReport);
}, 240_000);

describe.each(USUAL)('40 lanes at once, $name', ({ name }) => {
  const report = (): CrowdReport => reports.get(name) as CrowdReport;

  it('no call, no answer and no socket is of another lane than its request', () => {
    expect(report().mixed).toEqual([]);
    expect(report().calls).toBe(600 * 7);
  });

  it('sockets are few and kept', () => {
    const { sockets, reused } = report();
    // For each of the 42 instances, two of node:http and two of undici.
    expect(sockets).toBeLessThanOrEqual(42 * 4);
    expect(reused).toBeGreaterThan(40);
  });

  it('no call is counted as under way when all are over', () => {
    expect(report().busy).toEqual([]);
  });
});
