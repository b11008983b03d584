import { beforeAll, describe, expect, it } from '@jest/globals';
import { withSDK } from './otel-apps.ts';
import { inPairs, runProgram } from './run-program.ts';

const VERSIONS = [2, 3] as const;
const reports = new Map<number, Readonly<Record<string, unknown>>>();

beforeAll(async () => {
  // SDK 2 still writes the names of attributes from before semantic conventions 1.23 otherwise.
  const env = { INSTRUMENT: '1', OTEL_SEMCONV_STABILITY_OPT_IN: 'http' };
  const done = await inPairs(VERSIONS, (version) =>
    runProgram<{ seen: Readonly<Record<string, unknown>> }>('spans', withSDK(version, env)),
  );
  for (const [at, version] of VERSIONS.entries()) reports.set(version, done[at]?.seen ?? {});
});

describe.each(VERSIONS)('with SDK %i and its instrumentations', (version) => {
  it.each(['http.get', 'got', 'fetch', 'undici.request', 'undici with laneDispatcher'])(
    'the span of a call names the service, its peer is the instance, and it is in its place: %s',
    (client) => {
      expect(reports.get(version)?.[client]).toEqual({
        url: 'http://stock/items',
        server: 'stock',
        peerIsInstance: true,
        isWhatArrived: true,
        isChildOfTheRequest: true,
      });
    },
  );
});
