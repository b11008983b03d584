import type { Instance } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { httpUpstream } from '../src/upstream/http-upstream.ts';
import type { Upstream, UpstreamRequest } from '../src/upstream.ts';
import { atEnd, deadInstance, startInstance } from './stage.ts';

/** What became of a request, and whether that was told only after `send` had returned. */
function outcomeOf(
  open: () => Upstream,
  instance: Instance,
  request: Partial<UpstreamRequest> = {},
): Promise<readonly [string, boolean]> {
  const upstream = open();
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

const open = (): Upstream => httpUpstream();

describe('the upstream for plain HTTP/1.1', () => {
  it('an exchange ends well', async () => {
    const { instance } = await startInstance();
    expect(await outcomeOf(open, instance)).toEqual(['ok', true]);
  });

  it('a connection that is refused is told from an answer that fails', async () => {
    expect(await outcomeOf(open, await deadInstance())).toEqual(['connect-failed', true]);
  });

  it.each([{ host: 'not a host' }, { host: '' }, { host: 'a/b' }, { port: 65_536 }, { port: -1 }])(
    'an address that is none is the instance’s fault: %j',
    async (place) => {
      const { instance } = await startInstance();
      expect(await outcomeOf(open, { ...instance, ...place })).toEqual(['connect-failed', true]);
    },
  );

  it.each<[string, Partial<UpstreamRequest>]>([
    ['target', { target: '*' }],
    ['header', { lines: ['host', 'a', 'host', 'b'] }],
    ['expectation', { lines: ['host', 'a', 'expect', '100-continue'] }],
    ['line end in the method', { method: 'GET / HTTP/1.1\r\nx: y\r\n' }],
    ['line end in the target', { target: '/\r\nx: y' }],
    ['space in the target', { target: '/a b' }],
    ['line end in a name', { lines: ['host', 'a', 'x\r\ny', 'z'] }],
    ['line end in a value', { lines: ['host', 'a', 'x', 'y\r\nz: 1'] }],
    ['bare line feed in a value', { lines: ['host', 'a', 'x', 'y\nz: 1'] }],
    ['NUL in a value', { lines: ['host', 'a', 'x', 'y\0'] }],
    ['character that becomes a line end', { lines: ['host', 'a', 'x', 'y\u010d\u010az: 1'] }],
  ])('a %s that cannot be sent to anybody is not the instance’s fault', async (_, request) => {
    const { instance, received } = await startInstance();
    expect(await outcomeOf(open, instance, request)).toEqual(['broken', true]);
    expect(received).toEqual([]);
  });

  it('a name is looked up', async () => {
    const { instance } = await startInstance();
    expect(await outcomeOf(open, { ...instance, host: 'localhost' })).toEqual([
      expect.stringMatching(/ok|connect-failed/), // where a machine knows localhost as ::1 alone
      true,
    ]);
  });
});
