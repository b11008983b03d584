import { beforeAll, describe, expect, it } from '@jest/globals';
import { runProgram } from './run-program.ts';

let facts: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  facts = await runProgram('mishaps');
});

describe('hooks come and go', () => {
  it('the function that hookClients returns puts back what was there', () => {
    expect(facts.hooked).toEqual([true, true]);
    expect(facts.restored).toEqual([true, true, true]);
    expect(facts.unhookedTwice).toBe(true);
  });

  it('hooking twice gives GL_HOOKED, for each kind of client', () => {
    expect(facts.twice).toEqual(['GL_HOOKED', 'GL_HOOKED', 'GL_HOOKED']);
  });

  it('hooking that fails half way undoes its first half, and the hooks before it stay', () => {
    expect(facts.halfTwice).toBe('GL_HOOKED');
    expect(facts.halfTaken).toBe(true);
    expect(facts.firstStays).toBe('gray');
  });

  it('what others built on a hook works with it and, when it is gone, without', () => {
    expect(facts.wrapped).toEqual(['gray', 'gray']);
    expect(facts.wrappedAndGone).toEqual(['no such host', 'no such host', 'stable', 'stable']);
  });

  it('an agent that hands its request on to another keeps the lane', () => {
    expect(facts.forwarded).toEqual(['gray', ['graylane=gray']]);
  });

  it('a retrying dispatcher above ours reaches another instance', () => {
    expect(facts.retrying).toEqual([200]);
  });
});

describe('a hook changes nothing for listeners', () => {
  it('a request without a listener for the answer is drained, counted out and closed', () => {
    expect(facts.unwantedListeners).toEqual([0, 0]);
    expect(facts.unwantedCounted).toBe(1);
    expect(facts.unwantedCountedOut).toBe(0);
  });

  it('an error that nobody handles is uncaught', () => {
    expect(facts.unhandled).toBe('ECONNREFUSED');
  });

  it('a request that is destroyed at once fails as ever and is counted out', () => {
    expect(facts.destroyed).toBe('ECONNRESET');
    expect(facts.destroyedCountedOut).toBe(0);
  });

  it('none of that is an error of ours', () => {
    expect(facts.noErrorsYet).toEqual([]);
  });
});

describe('an error of ours', () => {
  it('a registry that throws or talks nonsense leaves the picks as they were, and is published', () => {
    expect(facts.mad).toEqual(['hit', 'hit', 'hit', 'hit', 'hit', 'empty', 'unknown']);
    expect(facts.madErrors).toEqual(['registry']);
  });

  it.each([
    'http hook',
    'http hook, got',
    'http hook, axios',
    'undici hook, fetch',
    'undici hook, undici',
    'undici hook, explicit',
    'got request',
  ])('a router that throws lets a call go where it would have gone, and is published: %s', (name) => {
    const [reached, error, where] = (facts.throwing as Record<string, unknown[]>)[name] ?? [];
    expect(reached).toBe('stable');
    expect(error).toBe('no such host');
    expect(where).toContain(name.split(',')[0]);
  });
});
