import assert from 'node:assert/strict';
import { readLane } from '@graylane/core';
import { ask } from '../load/requests.ts';
import type { Mode } from './modes.ts';
import { requestIn } from './traffic.ts';

/** Does a service with this mode do what it is measured for: carry the lane, and reach an instance of it? */
export function checkFor(mode: Mode): (port: number) => Promise<void> {
  const carries = mode !== 'no hooks';
  const picks = mode.endsWith('graylane');
  return async (port) => {
    for (const wanted of ['gray', 'stable']) {
      const small = await ask(port, requestIn('/small', wanted));
      assert.deepEqual(small, { status: 200, body: 'x'.repeat(101) });
      const { body } = await ask(port, requestIn('/echo', wanted));
      const { lane, head }: { lane: string; head: string } = JSON.parse(body);
      const lines = head.split('\r\n').filter((line) => /^baggage:/i.test(line));
      assert.equal(lines.length, carries ? 1 : 0, `${mode}: ${lines.length} baggage headers`);
      const baggage = lines[0]?.slice('baggage:'.length).trim();
      if (carries) assert.match(baggage ?? '', /region=eu-west/);
      assert.equal(readLane(baggage) ?? 'stable', carries ? wanted : 'stable', `${mode}: the lane that is sent`);
      assert.equal(lane, picks ? wanted : 'stable', `${mode}: the lane that is reached`);
    }
  };
}
