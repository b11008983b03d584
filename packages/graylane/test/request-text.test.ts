import { requestFacts, toBytes } from '@graylane/core';
import { expect, it } from '@jest/globals';
import { formatRequest } from '../src/request-text.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

it.each([
  [{}, 'GET /'],
  [{ method: 'POST', host: 'shop:8080', path: toBytes('/北京'), query: 'a=b' }, 'POST http://shop:8080/北京?a=b'],
  [{ headers: ['x-a', '1', 'cookie', ''] }, 'GET / with x-a: 1, with cookie: (empty)'],
  [{ token: { sub: 'u1', roles: ['a'] } }, 'GET / with the claim sub "u1", with the claim roles ["a"]'],
  [
    { ip: '10.0.0.1', geo: { city: 'Zürich' }, time: NOW + 1 },
    'GET / from 10.0.0.1, in the city Zürich, at 2026-11-21T12:00:00.001Z',
  ],
])('a request is one line: %j', (known, line) => {
  expect(formatRequest(requestFacts({ time: NOW, ...known }), NOW)).toBe(line);
});
