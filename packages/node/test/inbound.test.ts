import { beforeAll, describe, expect, it } from '@jest/globals';
import { withSDK } from './otel-apps.ts';
import { inPairs, type ProgramOptions, runProgram } from './run-program.ts';

type Facts = Readonly<Record<string, unknown>>;

const cells: readonly (ProgramOptions & { readonly name: string })[] = [
  { name: 'without OpenTelemetry' },
  { name: 'with SDK 3 and its instrumentations', ...withSDK(3) },
  { name: 'with SDK 2 and no instrumentation', ...withSDK(2, {}) },
];
const reports = new Map<string, Facts>();

beforeAll(async () => {
  const done = await inPairs(cells, (cell) => runProgram<Facts>('inbound', cell));
  for (const [at, { name }] of cells.entries()) reports.set(name, done[at] as Facts);
});

/** The lane and the members that a handler finds, for each way in which a request says them. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  untagged: ['stable'],
  'untagged with a member': ['stable', 'user=u1'],
  tagged: ['blue', 'graylane=blue'],
  'tagged with a member': ['blue', 'graylane=blue', 'user=u1'],
  'in two lines': ['blue', 'graylane=blue', 'user=u1'],
  'tagged twice': ['blue', 'graylane=blue'],
  'tagged in two lines': ['blue', 'graylane=blue'],
  'by the copy': ['blue', 'graylane=blue'],
  'by an invalid copy': ['stable'],
  'by a repeated copy': ['stable'],
  'no lane name': ['stable'],
  'an empty header': ['stable'],
  'only commas': ['stable'],
  'no percent code': ['blue', 'a=%zz', 'b=\ufffd', 'c=%', 'graylane=blue'],
  'a prototype': ['blue', '__proto__=x', 'constructor=y', 'graylane=blue'],
  'a line break in code': ['blue', 'graylane=blue'],
  'bytes that are no ASCII': ['blue', 'graylane=blue', 'name=\u00c3\u00a9'],
  'huge, tagged last': ['blue'],
  'many, tagged last': ['blue'],
};

describe.each(cells)('$name', ({ name }) => {
  const facts = (): Facts => reports.get(name) as Facts;

  it('the first job of a process runs in its lane', () => {
    expect(facts().job).toEqual({ lane: 'gray', members: ['graylane=gray'] });
    expect(facts().jobOver).toBe('stable');
    expect(facts().completed).toEqual({ contextManager: 'present', baggagePropagator: 'present' });
  });

  it.each(Object.entries(EXPECTED))(
    'a server that was made in a gray context finds what a request says itself: %s',
    (how, expected) => {
      const found = (facts().requests as Record<string, unknown>)[how];
      expect(found).toEqual({ Express: expected, Koa: expected, 'node:http': expected });
    },
  );

  it('baggage of the context that a server was made in does not leak into requests, unless only an SDK could tell', () => {
    // With a context manager and nobody who reads headers, it may as well be what a middleware before ours has put there.
    expect(facts().leaks).toBe(name.includes('no instrumentation') ? 3 * Object.keys(EXPECTED).length : 0);
  });

  it('no prototype is polluted', () => {
    expect(facts().polluted).toBe('no');
  });

  it('errors of handlers reach the error handling of Express and Koa as ever, in the lane', () => {
    expect(facts().expressErrors).toEqual(['sync in blue', 'async in blue', 'next in blue']);
    expect(facts().koaErrors).toEqual(['caught koa', ['koa']]);
  });

  it('an error that a plain listener throws is thrown unchanged', () => {
    expect(facts().thrown).toEqual(['thrown', [true]]);
  });

  it('listeners of a request can be added, put first and removed as ever', () => {
    const calls = ['first in blue', 'last in blue'];
    expect(facts().listeners).toEqual([calls, calls]);
  });

  it('an error event of a request that nobody listens for is thrown as ever', () => {
    expect(facts().unhandled).toBe('nobody listens');
  });

  it('a request whose headers cannot be read is handled all the same, and the error is published', () => {
    expect(facts().broken).toEqual(['handled', ['Error: no headers']]);
  });
});
