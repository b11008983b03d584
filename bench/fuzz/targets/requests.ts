import assert from 'node:assert/strict';
import { formatIssue, isGraylaneError, parseRequestLines, type RequestLine, requestForm } from '@graylane/core';
import { vectorRequests } from '../seeds.ts';
import { type Target, wordsOf } from '../target.ts';

const NOW = 1_800_000_000_000;

/** Requests as lines of JSON, as `explain --requests` reads them. */
export const requests: Target = {
  name: 'requests',
  summary: 'requests as lines of JSON',
  seeds: [
    ...vectorRequests().map((request) => JSON.stringify(request)),
    '{"id":"1","url":"http://shop.example.com/cart?coupon=x","headers":{"x-user-id":"u7"},"ip":"203.0.113.9","lane":"gray"}',
    '{"id":2,"method":"POST","host":"a:80","path":"/é","query":"a=1","headers":[["a","1"],["A","é"]],"time":"2026-12-24T18:00:00Z"}\n\n{"geo":{"city":"Bern"},"time":-1}',
  ],
  words: [
    ...wordsOf(`
      "id": "method": "host": "path": "query": "url": "headers": "ip": "token": "geo": "time": "lane": { } [ ] , :
      " "" [] {} null 1 -1 8.64e15 1e400 true "gray" "http://u@h:80/p?q#f" "https://[::1]/" "country":"CH" "x"
      "__proto__": / ? # @ ["a","b"], "2026-12-24" "+012026-12-24" % é
    `),
    '\n',
    '\\u0000',
    '\\ud800',
    '\\n',
    '{"path":"/"}\n',
    '\\\\',
  ],
  limit: 262_144,
  exercise: (text) => {
    try {
      return parseRequestLines(text, NOW).map(written);
    } catch (error) {
      if (isGraylaneError(error)) error.issues.map(formatIssue);
      throw error;
    }
  },
  verify: (text) => {
    for (const { request } of accepted(text)) {
      const form = JSON.stringify(requestForm(request, NOW));
      assert.deepEqual(plain(accepted(form)[0]?.request), plain(request), `the request, read from ${form}`);
    }
  },
};

/** As JSON knows it, which has one zero. */
function plain(request: RequestLine['request'] | undefined): unknown {
  return request && JSON.parse(JSON.stringify(request));
}

/** A line as it is answered. */
function written({ id, request, lane }: RequestLine): string {
  return JSON.stringify({ id, lane, ...requestForm(request, NOW) });
}

function accepted(text: string): readonly RequestLine[] {
  try {
    return parseRequestLines(text, NOW);
  } catch (error) {
    if (isGraylaneError(error)) return [];
    throw error;
  }
}
