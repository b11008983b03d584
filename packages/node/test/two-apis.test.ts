import { beforeAll, describe, expect, it } from '@jest/globals';
import { appModule } from './otel-apps.ts';
import { runProgram } from './run-program.ts';

let facts: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  const env = { INSTRUMENT: '1', OTEL_PROPAGATORS: 'tracecontext' };
  facts = await runProgram('two-apis', { preload: [appModule(2, 'start')], env });
});

describe('beside an SDK whose copy of the API is older than ours', () => {
  it("nothing of the SDK's is changed", () => {
    expect(facts.version).toBe('1.9.1');
    expect(facts.untouched).toEqual(facts.keys);
    expect(facts.keys).toEqual(expect.arrayContaining(['context', 'propagation']));
  });

  it('the router says that a context manager is missing, and the first request publishes why', () => {
    expect(facts.state).toEqual({ contextManager: 'missing', baggagePropagator: 'missing' });
    expect(facts.errors).toEqual(['OpenTelemetry']);
  });

  it('requests are handled and calls go out, in stable', () => {
    expect(facts.answers).toEqual([
      ['stable', 'stock', 'stable'],
      ['stable', 'stock', 'stable'],
    ]);
  });
});
