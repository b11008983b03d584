import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GatewaySetting, startGateway } from './wire/gateway.ts';
import { parseCases, type WireCase } from './wire/notation.ts';
import { countLeniently } from './wire/readers.ts';
import { type Outcome, play } from './wire/run.ts';
import { finalStatuses, inAnyOrder, show } from './wire/show.ts';

const CASES = new URL('wire/cases/', import.meta.url);

const themes = readdirSync(CASES).map((file) => file.replace(/\.txt$/, ''));

it('there are at least 300 cases, each with a name of its own', () => {
  const names = themes.flatMap((theme) => casesOf(theme).map(({ name }) => `${theme}: ${name}`));
  expect(names.length).toBeGreaterThanOrEqual(300);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

describe.each(themes)('on the wire, %s:', (theme) => {
  let setting: GatewaySetting;

  beforeAll(async () => {
    setting = await startGateway();
  });

  afterAll(() => setting.close());

  it.each(casesOf(theme))('$name', async (wire) => {
    const outcome = await play(setting, wire, true);
    expect(seen(wire, outcome)).toEqual(wanted(wire));
    expectNoMoreThan(setting.accepted(), outcome);
  });
});

function casesOf(theme: string): readonly WireCase[] {
  return parseCases(theme, readFileSync(new URL(`${theme}.txt`, CASES), 'utf8'));
}

/** What must come of a case, without what it says nothing of. */
function wanted({ expected }: WireCase): unknown {
  const probe = 'its own';
  switch (expected.kind) {
    case 'gone':
      return { probe };
    case 'dropped':
      return { answers: '{closed}', requests: '', probe };
    case 'forwarded': {
      const { requests, lane, answers, oneByOne } = expected;
      const came = 'text' in answers ? answers.text : answers;
      return {
        answers: came,
        requests: inAnyOrder(requests),
        lanes: lane.split(','),
        overlapped: oneByOne ? false : undefined,
        probe,
      };
    }
    default:
      return {
        status: expected.statuses.join('|'),
        rest: '',
        closed: expected.kind !== 'declined',
        requests: '',
        probe,
      };
  }
}

/** What came of a case, as far as {@link wanted} says something of it. */
function seen({ expected }: WireCase, outcome: Outcome): unknown {
  const { answers, requests, lanes } = show(outcome);
  const { probe, closed, rest, tapes, overlapped } = outcome;
  const statuses = finalStatuses(outcome);
  switch (expected.kind) {
    case 'gone':
      return { probe };
    case 'dropped':
      return { answers, requests, probe };
    case 'forwarded': {
      const came = 'text' in expected.answers ? answers : { statuses, closed };
      return { answers: came, requests, lanes, overlapped: expected.oneByOne ? overlapped : undefined, probe };
    }
    default: {
      const [first = 0, ...others] = statuses;
      const allowed = expected.statuses.includes(first) && others.length === 0;
      const whole = tapes.flatMap((tape) => tape.requests).join('\n');
      return {
        status: (allowed ? expected.statuses : statuses).join('|'),
        rest,
        closed,
        requests: expected.kind === 'broken' ? whole : requests,
        probe,
      };
    }
  }
}

/** However forgiving a server is, it finds no request in the bytes that the gateway did not mean to send. */
function expectNoMoreThan(accepted: number, { tapes }: Outcome): void {
  for (const { bytes, requests, rest } of tapes)
    expect(countLeniently(bytes)).toBe(requests.length + (rest === '' ? 0 : 1));
  const began = tapes.flatMap(({ requests, rest }) => (rest === '' ? requests : [...requests, rest]));
  expect(began.length).toBeLessThanOrEqual(accepted);
}
