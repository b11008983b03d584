import type { Instance } from '@graylane/core';
import { expect, it } from '@jest/globals';
import { undiciUpstream } from '../src/undici-upstream.ts';
import { UPSTREAM_TIMEOUTS, type UpstreamRequest } from '../src/upstream.ts';
import { atEnd, deadInstance, startInstance } from './stage.ts';

/** What became of a request, and whether that was told only after `send` had returned. */
function outcomeOf(instance: Instance, request: Partial<UpstreamRequest> = {}): Promise<readonly [string, boolean]> {
  const upstream = undiciUpstream(UPSTREAM_TIMEOUTS);
  atEnd(() => upstream.close());
  return new Promise((resolve) => {
    let returned = false;
    upstream.send(
      instance,
      { method: 'GET', target: '/', lines: ['host', 'shop'], body: undefined, ...request },
      {
        onHead: () => {},
        onData: () => true,
        onEnd: () => resolve(['ok', returned]),
        onError: (failure) => resolve([failure, returned]),
      },
    );
    returned = true;
  });
}

it('an exchange ends well', async () => {
  const { instance } = await startInstance();
  expect(await outcomeOf(instance)).toEqual(['ok', true]);
});

it('a connection that is refused is told from an answer that fails', async () => {
  expect(await outcomeOf(await deadInstance())).toEqual(['connect-failed', true]);
});

it('an address that is none is the instance’s fault', async () => {
  const { instance } = await startInstance();
  expect(await outcomeOf({ ...instance, host: 'not a host' })).toEqual(['connect-failed', true]);
});

it.each<[string, Partial<UpstreamRequest>]>([
  ['target', { target: '*' }],
  ['header', { lines: ['host', 'a', 'host', 'b'] }],
  ['expectation', { lines: ['expect', '100-continue'] }],
])('a %s that cannot be sent to anybody is not the instance’s fault', async (_, request) => {
  const { instance, received } = await startInstance();
  expect(await outcomeOf(instance, request)).toEqual(['broken', true]);
  expect(received).toEqual([]);
});
