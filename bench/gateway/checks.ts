import assert from 'node:assert/strict';
import { readLane } from '@graylane/core';
import { ask, type LoadRequest } from '../load/requests.ts';
import { requestOf, requestsTo } from './traffic.ts';

/** Header lines that one of the rules takes each. */
const TAKEN: readonly LoadRequest['headers'][] = [
  [['X-Tester', '1']],
  [['X-User-Id', 'tester-7']],
  [
    ['X-App', 'ios'],
    ['X-App-Version', '7.10.0'],
  ],
  [['X-Partner', 'b']],
];

/** What the upstream saw of a request. */
interface Seen {
  /** The lane of the instance that got it. */
  readonly lane: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** A plain proxy: status and body come through, and the request reaches the upstream with its headers. */
export async function checkProxy(port: number): Promise<void> {
  for (const [path, length] of [
    ['/small', 101],
    ['/large', 65_536],
  ] as const) {
    const { status, body } = await ask(port, requestOf(path, 'user-1'));
    assert.equal(status, 200);
    assert.equal(body, 'x'.repeat(length));
  }
  const { headers } = await seenBy(port, requestOf('/echo', 'user-1'));
  assert.match(headers.get('cookie') ?? '', /uid=user-1;/);
  assert.match(headers.get('baggage') ?? '', /region=eu-west/);
}

/** Whoever decides, beside that: each user in the lane of the rules, the same in baggage, copy and instance; no forged lane. */
export async function checkLanes(port: number): Promise<void> {
  await checkProxy(port);
  for (const taken of TAKEN) {
    const { lane, headers } = await seenBy(port, requestOf('/echo', 'user-1', taken));
    assert.equal(lane, 'gray', `${taken} must be taken by a rule`);
    assert.equal(headers.get('x-graylane'), 'gray');
    assert.equal(headers.get('baggage'), 'graylane=gray,session.id=4f9d7c1e0b3a48d2,region=eu-west');
  }
  const lanes: string[] = [];
  for (const request of requestsTo('/echo')) {
    const forged: LoadRequest = { ...request, headers: [...request.headers, ['X-Graylane', 'gray']] };
    const { lane, headers } = await seenBy(port, forged);
    assert.equal(readLane(headers.get('baggage')) ?? 'stable', lane);
    lanes.push(lane);
  }
  const share = lanes.filter((lane) => lane === 'gray').length / lanes.length;
  assert.ok(share > 0.05 && share < 0.4, `a fifth of the users should be in gray, not ${share}`);
}

async function seenBy(port: number, request: LoadRequest): Promise<Seen> {
  const { status, body } = await ask(port, request);
  assert.equal(status, 200);
  const { lane, head }: { lane: string; head: string } = JSON.parse(body);
  const lines = head
    .split('\r\n')
    .slice(1)
    .map((line) => /^([^:]+):\s*(.*)$/.exec(line) ?? []);
  return { lane, headers: new Map(lines.map(([, name = '', value = '']) => [name.toLowerCase(), value])) };
}
