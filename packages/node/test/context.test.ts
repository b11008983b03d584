import { type Lane, STABLE } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { type Context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { baggageHeader, laneOf, receive, withLane } from '../src/context.ts';

const GRAY = 'gray' as Lane;
const BLUE = 'blue' as Lane;

/** A context with baggage that somebody else has made. */
const withMembers = (members: Readonly<Record<string, string>>): Context => {
  const entries = Object.entries(members).map(([key, value]) => [key, { value }] as const);
  return propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(Object.fromEntries(entries)));
};
const membersOf = (ctx: Context): string[] =>
  (propagation.getBaggage(ctx)?.getAllEntries() ?? []).map(([key, { value }]) => `${key}=${value}`);

describe('the lane of a context', () => {
  it('is stable without baggage, without our member, and with one that is no lane name', () => {
    expect(laneOf(ROOT_CONTEXT)).toBe(STABLE);
    expect(laneOf(withMembers({ user: 'u1' }))).toBe(STABLE);
    expect(laneOf(withMembers({ graylane: 'No Lane' }))).toBe(STABLE);
  });

  it('is what withLane says, as the first member, and the others stay', () => {
    const ctx = withLane(withMembers({ user: 'u1', graylane: 'blue', team: 't' }), GRAY);
    expect(laneOf(ctx)).toBe(GRAY);
    expect(membersOf(ctx)).toEqual(['graylane=gray', 'user=u1', 'team=t']);
  });

  it('stable has no member', () => {
    expect(membersOf(withLane(withMembers({ user: 'u1', graylane: 'blue' }), STABLE))).toEqual(['user=u1']);
  });

  it('a context is not changed, a new one is made', () => {
    const before = withMembers({ graylane: 'blue' });
    withLane(before, GRAY);
    expect(laneOf(before)).toBe(BLUE);
  });
});

describe('receive', () => {
  it('gives the same context back when nothing came', () => {
    expect(receive(ROOT_CONTEXT, {})).toBe(ROOT_CONTEXT);
    expect(receive(ROOT_CONTEXT, { baggage: '' })).toBe(ROOT_CONTEXT);
    expect(receive(ROOT_CONTEXT, { 'x-graylane': 'No Lane' })).toBe(ROOT_CONTEXT);
  });

  it('reads the lane and the other members', () => {
    const ctx = receive(ROOT_CONTEXT, { baggage: 'user=u1,graylane=gray' });
    expect(laneOf(ctx)).toBe(GRAY);
    expect(membersOf(ctx)).toEqual(['graylane=gray', 'user=u1']);
  });

  it('takes the copy only where baggage has no lane', () => {
    expect(laneOf(receive(ROOT_CONTEXT, { 'x-graylane': 'gray' }))).toBe(GRAY);
    expect(laneOf(receive(ROOT_CONTEXT, { baggage: 'graylane=blue', 'x-graylane': 'gray' }))).toBe(BLUE);
  });

  it('gives the same context back when instrumentation has read the headers', () => {
    const read = withMembers({ user: 'u1', graylane: 'gray' });
    expect(receive(read, { baggage: 'user=u1,graylane=gray' })).toBe(read);
    const untagged = withMembers({ user: 'u1' });
    expect(receive(untagged, { baggage: 'user=u1' })).toBe(untagged);
  });

  it('does not bring back what was taken out since the headers were read', () => {
    expect(membersOf(receive(withMembers({ user: 'u1' }), { baggage: 'user=u1,secret=s,graylane=gray' }))).toEqual([
      'graylane=gray',
      'user=u1',
    ]);
  });

  it('a lane that leaked in does not stay, and the members that came are read', () => {
    const leaked = withMembers({ graylane: 'gray' });
    expect(membersOf(receive(leaked, {}))).toEqual([]);
    expect(membersOf(receive(leaked, { baggage: 'user=u1' }))).toEqual(['user=u1']);
    expect(membersOf(receive(leaked, { baggage: 'user=u1,graylane=blue' }))).toEqual(['graylane=blue', 'user=u1']);
  });

  it('a member of ours that is no lane does not stay', () => {
    expect(membersOf(receive(withMembers({ graylane: 'No' }), { baggage: 'graylane=No' }))).toEqual([]);
    expect(membersOf(receive(withMembers({ graylane: 'stable' }), { baggage: 'graylane=stable' }))).toEqual([]);
  });
});

describe('the baggage header of a context', () => {
  it('is none without baggage', () => {
    expect(baggageHeader(ROOT_CONTEXT)).toBeUndefined();
  });

  it('is what came, byte for byte, with our member first', () => {
    const odd = 'a=%61;x=y , 2=%zz,\tempty=,bad member,1=caf\u00e9';
    expect(baggageHeader(receive(ROOT_CONTEXT, { baggage: `${odd},graylane=gray` }))).toBe(`graylane=gray,${odd}`);
    expect(baggageHeader(receive(ROOT_CONTEXT, { baggage: odd }))).toBe(odd);
  });

  it('is made anew when somebody changed the baggage', () => {
    const ctx = receive(ROOT_CONTEXT, { baggage: 'graylane=gray,a=%61' });
    const changed = propagation.setBaggage(
      ctx,
      (propagation.getBaggage(ctx) as never as Members).setEntry('b', { value: '2' }),
    );
    expect(baggageHeader(changed)).toBe('graylane=gray,a=a,b=2');
    expect(baggageHeader(withLane(ctx, BLUE))).toBe('graylane=blue,a=a');
    expect(baggageHeader(withLane(ctx, STABLE))).toBe('a=a');
  });
});

interface Members {
  setEntry(key: string, entry: { value: string }): never;
}
