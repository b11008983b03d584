import { describe, expect, it } from '@jest/globals';
import type { Lane } from '../src/lane.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { createRouting, DEFAULT_ROUTING } from '../src/routing.ts';

const routing = createRouting(
  parsePolicy(`
version: 1
lanes:
  gray: {}
  v2: { fallback: [gray] }
  v3: { fallback: [v2, gray] }
  load-test: { strict: true }
  strict-v2: { strict: true, fallback: [gray] }
  off: { enabled: false, fallback: [gray] }
  on-off: { fallback: [off, gray] }
services:
  payments:
    minReady: 2
    fallback: { gray: strict, v2: [], v3: [off, gray], load-test: [], off: strict }
  ledger: { minReady: 1000 }
`),
);

describe('chains', () => {
  it.each<[service: string, wanted: string, lanes: string[], stale: string | undefined]>([
    ['orders', 'stable', ['stable'], undefined],
    ['orders', 'gray', ['gray', 'stable'], undefined],
    ['orders', 'v2', ['v2', 'gray', 'stable'], undefined],
    ['orders', 'v3', ['v3', 'v2', 'gray', 'stable'], undefined],
    ['orders', 'load-test', ['load-test'], undefined],
    ['orders', 'strict-v2', ['strict-v2', 'gray'], undefined],
    ['orders', 'off', ['stable'], 'disabled-lane'],
    ['orders', 'on-off', ['on-off', 'gray', 'stable'], undefined],
    ['orders', 'unheard-of', ['stable'], 'unknown-lane'],
    ['orders', 'constructor', ['stable'], 'unknown-lane'],
    ['payments', 'stable', ['stable'], undefined],
    ['payments', 'gray', ['gray'], undefined],
    ['payments', 'v2', ['v2', 'stable'], undefined],
    ['payments', 'v3', ['v3', 'gray', 'stable'], undefined],
    ['payments', 'load-test', ['load-test', 'stable'], undefined],
    ['payments', 'strict-v2', ['strict-v2', 'gray'], undefined],
    ['payments', 'off', ['stable'], 'disabled-lane'],
    ['toString', 'gray', ['gray', 'stable'], undefined],
  ])('of %s for %s is %j', (service, wanted, lanes, stale) => {
    expect(routing.chain(service, wanted as Lane)).toEqual({ lanes, ...(stale && { stale }) });
  });

  it('without a policy are the lane and stable', () => {
    expect(DEFAULT_ROUTING.chain('orders', 'gray' as Lane)).toEqual({ lanes: ['gray', 'stable'] });
    expect(DEFAULT_ROUTING.chain('orders', 'stable' as Lane)).toEqual({ lanes: ['stable'] });
    expect(DEFAULT_ROUTING.minReady('orders')).toBe(1);
    expect(DEFAULT_ROUTING.declared).toBeUndefined();
  });

  it('a service asks for as many ready instances as it says, else for one', () => {
    expect([routing.minReady('payments'), routing.minReady('ledger'), routing.minReady('orders')]).toEqual([
      2, 1000, 1,
    ]);
  });

  it('declared are all lanes of the policy, switched off or not', () => {
    expect([...(routing.declared ?? [])]).toEqual(['gray', 'v2', 'v3', 'load-test', 'strict-v2', 'off', 'on-off']);
  });
});
