import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Decision, Instance, Lane } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { createDebug, debugLines } from '../../src/edge/debug.ts';
import { atEnd, instanceAt } from '../stage.ts';

const decision: Decision = { by: 'split', lane: 'gray' as Lane, rule: 'half' };
const instance: Instance = instanceAt(80, 'stable');
const facts = { decision, revision: 'abc', instance };
const pass = { lane: 'gray' as Lane, expires: 1, debug: true, key: 'k1' };

describe('debug headers', () => {
  it('say lane, rule, instance and revision', () => {
    expect(debugLines(facts)).toEqual([
      ...['x-graylane-lane', 'gray', 'x-graylane-rule', 'half'],
      ...['x-graylane-instance', '127.0.0.1:80 (stable)', 'x-graylane-revision', 'abc'],
    ]);
  });

  it('say what decided where it was no rule, and leave out what is not known', () => {
    const carried = { by: 'carried', lane: 'gray' as Lane } as const;
    expect(debugLines({ decision: carried, revision: undefined, instance: undefined })).toEqual([
      ...['x-graylane-lane', 'gray', 'x-graylane-rule', '(carried)'],
    ]);
  });

  it('are for holders of a debug pass only', () => {
    const lines = createDebug();
    expect(lines(undefined, facts)).toEqual([]);
    expect(lines({ ...pass, debug: false }, facts)).toEqual([]);
    expect(lines(pass, facts)).toHaveLength(8);
  });

  it('come 50 times at once and 10 times a second after that, for all passes of a key together', () => {
    let now = 0;
    const lines = createDebug(() => now);
    const told = (key: string, times: number): number =>
      Array.from({ length: times }, () => lines({ ...pass, key }, facts)).filter(({ length }) => length > 0).length;
    expect(told('k1', 60)).toBe(50);
    expect(told('k2', 1)).toBe(1);
    now = 1_000;
    expect(told('k1', 60)).toBe(10);
    now = 60_000;
    expect(told('k1', 60)).toBe(50);
  });

  it('can be sent whatever a rule is called', async () => {
    const rule = 'halb\r\nX: 1 \u{1F600}中é';
    const server = createServer((_, response) => {
      response.writeHead(200, [...debugLines({ ...facts, decision: { ...decision, rule } })]).end();
    }).listen(0, '127.0.0.1');
    atEnd(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { headers } = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    expect(Buffer.from(headers.get('x-graylane-rule') ?? '', 'latin1').toString()).toBe('halb  X: 1 \u{1F600}中é');
    expect(headers.get('x')).toBeNull();
  });
});
