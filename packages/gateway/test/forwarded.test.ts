import { type Network, parseNetwork } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { readForwarded } from '../src/forwarded.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.1'].map((text) => parseNetwork(text) as Network);

describe('the client behind proxies', () => {
  it.each([
    ['a sender that is no proxy of ours', '198.51.100.7', '203.0.113.9', '198.51.100.7', '198.51.100.7'],
    ['one proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9', '203.0.113.9, 10.0.0.1'],
    ['two proxies', '10.0.0.1', '203.0.113.9, 10.9.9.9', '203.0.113.9', '203.0.113.9, 10.9.9.9, 10.0.0.1'],
    ['a made-up beginning', '10.0.0.1', '10.1.1.1, 203.0.113.9', '203.0.113.9', '10.1.1.1, 203.0.113.9, 10.0.0.1'],
    ['a client that is in the proxies’ network itself', '10.0.0.1', '10.7.7.7', '10.7.7.7', '10.7.7.7, 10.0.0.1'],
    ['no chain', '10.0.0.1', '', '10.0.0.1', '10.0.0.1'],
    ['an empty chain', '10.0.0.1', ' , ', '10.0.0.1', '10.0.0.1'],
    ['a chain that is none', '10.0.0.1', 'unknown', '10.0.0.1', 'unknown, 10.0.0.1'],
    ['rubbish before an address', '10.0.0.1', 'x, 203.0.113.9', '203.0.113.9', 'x, 203.0.113.9, 10.0.0.1'],
    [
      'rubbish before a proxy',
      '10.0.0.1',
      '203.0.113.9, x, 10.2.2.2',
      '10.2.2.2',
      '203.0.113.9, x, 10.2.2.2, 10.0.0.1',
    ],
    ['IPv6', '2001:db8:1::5', '2001:db8:2::9', '2001:db8:2::9', '2001:db8:2::9, 2001:db8:1::5'],
    ['a mapped sender', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9', '203.0.113.9, 10.0.0.1'],
    ['a mapped hop', '10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9', '::ffff:203.0.113.9, 10.0.0.1'],
    ['a sender without an address', '', '203.0.113.9', '', ''],
  ])('is found with %s', (_, peer, header, ip, chain) => {
    expect(readForwarded(peer, header, PROXIES)).toMatchObject({ ip, chain });
  });
});
