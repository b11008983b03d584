import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lane } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { answerLink, linkAnswer } from '../../src/edge/pass-link.ts';
import { atEnd } from '../stage.ts';

const NOW = 1_800_000_000_500;
const link = { pass: { lane: 'gray' as Lane, expires: 1_800_003_600, key: 'k' }, text: 'T', secure: true, now: NOW };

describe('the answer to a link', () => {
  it('sets the cookie until the pass expires and sends the client to the same page', async () => {
    const server = createServer((request, response) => {
      answerLink(response, { ...link, target: request.url ?? '' });
    }).listen(0, '127.0.0.1');
    atEnd(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/cart?a=1&graylane-pass=T&b=%20`;
    const answer = await fetch(url, { redirect: 'manual', headers: { connection: 'close' } });
    expect(answer.status).toBe(303);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      location: '/cart?a=1&b=%20',
      'set-cookie': 'graylane-pass=T; Path=/; Max-Age=3599; HttpOnly; SameSite=Lax; Secure',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(await answer.text()).toBe('');
  });

  it('keeps the cookie usable where there is no https', () => {
    expect(linkAnswer({ ...link, target: '/', secure: false })['set-cookie']).not.toContain('Secure');
  });

  it.each([
    '//evil.example/',
    '///evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '//evil.example/x/..',
    '/\\\\evil.example',
  ])('never leads to another host: %j', (path) => {
    const { location = '' } = linkAnswer({ ...link, target: `${path}?graylane-pass=T` });
    expect(new URL(location, 'https://shop.example/').host).toBe('shop.example');
  });

  it('leads to bytes that no header may hold by their codes', () => {
    expect(linkAnswer({ ...link, target: '/caf\xe9?graylane-pass=T' }).location).toBe('/caf%E9');
  });
});
