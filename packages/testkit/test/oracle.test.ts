import { compilePolicy, type Decision, decide, parsePolicy, type RequestFacts, requestFacts } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type NaiveDecision, naiveDecide } from '../src/index.ts';
import { NAIVE_FILES, policyArbitrary, requestArbitrary } from './naive-inputs.ts';

/** What executors must agree on, in one line. */
function inWords(decision: Decision | NaiveDecision): string {
  return `${decision.lane} by ${decision.by}${'rule' in decision ? ` ${decision.rule}` : ''}`;
}

const POLICIES = 1_000;
const REQUESTS = 100;

describe('the compiled engine and the naive one', () => {
  it('decide alike for 100,000 random pairs of policy and request', () => {
    const requests = fc.array(requestArbitrary(fc), { minLength: REQUESTS, maxLength: REQUESTS, size: 'max' });
    fc.assert(
      fc.property(policyArbitrary(fc), requests, (policy, all) => {
        const compiled = compilePolicy(policy, NAIVE_FILES);
        for (const request of all) {
          const naive = inWords(naiveDecide(policy, request, NAIVE_FILES));
          if (inWords(decide(compiled, request)) !== naive)
            expect([inWords(decide(compiled, request)), request]).toEqual([naive, request]);
        }
      }),
      { numRuns: POLICIES },
    );
  });

  it('are asked what they have an answer to: many rules match, in many ways, and many do not', () => {
    const seen = new Map<string, number>();
    const requests = fc.array(requestArbitrary(fc), { minLength: 20, maxLength: 20, size: 'max' });
    for (const [policy, all] of fc.sample(fc.tuple(policyArbitrary(fc), requests), { numRuns: 200, seed: 7 })) {
      for (const request of all) {
        const { by, lane } = naiveDecide(policy, request, NAIVE_FILES);
        seen.set(`${by} ${lane}`, (seen.get(`${by} ${lane}`) ?? 0) + 1);
      }
    }
    const often = [...seen].filter(([, times]) => times > 40).map(([answer]) => answer);
    expect(often.sort()).toEqual([
      'default stable',
      'no-key stable',
      'rule blue',
      'rule gray',
      'rule stable',
      'split blue',
      'split gray',
      'split green',
      'split stable',
    ]);
  });
});

describe('the naive engine', () => {
  const policy = parsePolicy({
    version: 1,
    lanes: { gray: {} },
    rules: [
      { name: 'one', when: { fact: 'header.x', equals: '1' }, lane: 'gray' },
      {
        name: 'half',
        when: { fact: 'header.x', exists: true },
        split: { by: 'header.u', salt: 's', lanes: { gray: 50 } },
      },
    ],
  });
  const decided = (request: Partial<RequestFacts>): string => inWords(naiveDecide(policy, requestFacts(request)));

  it('answers with the lane, the rule and the way in which it came about', () => {
    expect(decided({ headers: ['X', '1'] })).toBe('gray by rule one');
    expect(decided({ headers: ['X', '2'] })).toBe('stable by no-key half');
    expect(decided({ headers: ['X', '2', 'u', 'u2'] })).toBe('gray by split half');
    expect(decided({ headers: ['X', '2', 'u', 'u3'] })).toBe('stable by split half');
    expect(decided({})).toBe('stable by default');
  });
});
