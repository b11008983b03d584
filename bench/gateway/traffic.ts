import type { Policy } from '@graylane/core';
import type { LoadRequest } from '../load/requests.ts';

/** How many users there are; each request is of another one. */
const USERS = 64;

/** A browser's request, about 700 bytes with eleven headers, one of them baggage of its own. */
export function requestOf(path: string, user: string, extra: LoadRequest['headers'] = []): LoadRequest {
  return {
    path,
    headers: [
      ['Host', 'shop.example.com'],
      [
        'User-Agent',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      ],
      ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
      ['Accept-Encoding', 'gzip, deflate, br, zstd'],
      ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
      ['Cookie', `session=4f9d7c1e0b3a48d2; uid=${user}; theme=dark; consent=1`],
      ['Referer', 'https://shop.example.com/cart?from=home'],
      ['Sec-Fetch-Mode', 'navigate'],
      ['Sec-Fetch-Site', 'same-origin'],
      ['Cache-Control', 'max-age=0'],
      ['Baggage', 'session.id=4f9d7c1e0b3a48d2,region=eu-west'],
      ...extra,
    ],
  };
}

/** The requests of a load, each of another user. */
export function requestsTo(path: string): LoadRequest[] {
  return Array.from({ length: USERS }, (_, at) => requestOf(path, `user-${1000 + at * 37}`));
}

/** Ten rules of the kinds that people write, none of which takes the load's requests, and a fifth of the users in gray. */
export const RULES: Pick<Policy, 'attributes' | 'segments'> & { readonly rules: readonly object[] } = {
  attributes: { user: ['header.x-user-id', 'cookie.uid'] },
  segments: { testers: { fact: 'attribute.user', in: Array.from({ length: 50 }, (_, at) => `tester-${at}`) } },
  rules: [
    { name: 'tester-header', when: { fact: 'header.x-tester', equals: '1' }, lane: 'gray' },
    { name: 'testers', when: { segment: 'testers' }, lane: 'gray' },
    { name: 'cookie', when: { fact: 'cookie.lane', equals: 'gray' }, lane: 'gray' },
    { name: 'query', when: { fact: 'query.lane', equals: 'gray' }, lane: 'gray' },
    { name: 'office', when: { fact: 'ip', cidr: ['10.20.0.0/16', '192.168.7.0/24'] }, lane: 'gray' },
    { name: 'path', when: { fact: 'path', prefix: '/beta/' }, lane: 'gray' },
    { name: 'host', when: { fact: 'host', in: ['beta.example.com', 'next.example.com'] }, lane: 'gray' },
    {
      name: 'app',
      when: {
        all: [
          { fact: 'header.x-app', equals: 'ios' },
          { fact: 'header.x-app-version', semver: '>=7.2.0' },
        ],
      },
      lane: 'gray',
    },
    { name: 'french', when: { fact: 'header.accept-language', prefix: 'fr' }, lane: 'gray' },
    {
      name: 'partners',
      when: {
        any: [
          { fact: 'header.x-partner', in: ['a', 'b', 'c'] },
          { fact: 'query.partner', exists: true },
        ],
      },
      lane: 'gray',
    },
    { name: 'ramp', split: { by: 'attribute.user', salt: 'bench', lanes: { gray: 20 } } },
  ],
};
