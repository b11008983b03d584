import assert from 'node:assert/strict';
import { hasLaneMember, type Lane, parseLane, readLane, STABLE, writeLane } from '@graylane/core';
import { bytesOf, headersOf, vectors } from '../seeds.ts';
import type { Target } from '../target.ts';

const LANES = [STABLE, parseLane('gray'), parseLane('a-1')] as readonly Lane[];

/** Reading and writing the lane in `baggage`. */
export const carrier: Target = {
  name: 'carrier',
  summary: 'a baggage header, read and written',
  seeds: [
    ...vectors('carrier-write').map(({ baggage }) => (baggage === null ? '' : bytesOf(baggage))),
    ...vectors('carrier-read').flatMap((vector) => headersOf(vector).map(([, value]) => value)),
  ],
  words: [
    'graylane',
    'graylane=',
    'graylane=gray',
    ',graylane=blue',
    '=',
    ',',
    ';',
    '; ttl=3',
    ' ',
    '\t',
    'stable',
    'a=1,',
  ],
  limit: 65_536,
  exercise: (header) => [readLane(header), hasLaneMember(header), LANES.map((lane) => writeLane(header, lane))],
  verify: (header) => {
    assert.equal(readLane(header), naiveLane(header), 'the lane');
    assert.equal(hasLaneMember(header), membersOf(header).some(isOurs), 'whether a member is ours');
    for (const lane of LANES) verifyWritten(header, lane);
  },
};

function verifyWritten(header: string, lane: Lane): void {
  const written = writeLane(header, lane);
  const ours = lane === STABLE ? [] : [`graylane=${lane}`];
  const others = membersOf(header).filter((member) => !isOurs(member));
  assert.equal(readLane(written), ours.length === 0 ? undefined : lane, 'the lane that was written');
  assert.deepEqual(filled(membersOf(written ?? '')), [...ours, ...filled(others)], 'the members that are written');
  assert.equal(writeLane(written, lane), written, 'what is written the second time');
  if (ours.length === 0 && !hasLaneMember(header)) assert.equal(written, header || undefined, 'a header without ours');
}

/** Members that are more than the space between two commas. */
function filled(members: readonly string[]): readonly string[] {
  return members.filter((member) => trimmed(member) !== '');
}

/** `spec/carrier.md`, word by word. */
function naiveLane(header: string): Lane | undefined {
  const values = membersOf(header)
    .filter(isOurs)
    .map((member) => /^[^=;]*=([^;]*)/.exec(member)?.[1])
    .map((value) => (value === undefined ? undefined : parseLane(trimmed(value))));
  return values.findLast((lane) => lane !== undefined);
}

function membersOf(header: string): readonly string[] {
  return header.split(',');
}

function isOurs(member: string): boolean {
  return trimmed(/^[^=;]*/.exec(member)?.[0] ?? '') === 'graylane';
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}
