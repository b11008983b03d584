import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../src/decide.ts';
import { formatIssue, isGraylaneError } from '../src/errors.ts';
import { parsePolicy } from '../src/parse-policy.ts';
import { type Expectations, parseExpectations, runExpectations } from '../src/policy-test.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const POLICY = compilePolicy(
  parsePolicy(`
version: 1
lanes: { gray: , blue: }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
  - { name: later, when: { fact: time, after: 2027-01-01 }, lane: blue }
  - { name: ramp, split: { by: header.x-user, lanes: { gray: 100 } } }
`),
);

const EXPECTATIONS = `
policy: policy.yaml
cases:
  - name: testers get gray
    request: { headers: { x-tester: "1" } }
    lane: gray
    rule: testers
  - { name: nobody is stable, request: {}, lane: stable }
  - { name: next year is blue, request: { time: 2027-01-01 }, lane: blue, rule: later }
`;

function refusal(input: unknown): string[] {
  try {
    parseExpectations(input, NOW);
  } catch (error) {
    if (!isGraylaneError(error, 'GL_CONFIG_INVALID')) throw error;
    return error.issues.map(formatIssue);
  }
  throw new Error('accepted');
}

const run = (cases: unknown): ReturnType<typeof runExpectations> =>
  runExpectations(POLICY, parseExpectations({ cases }, NOW));

describe('expectations', () => {
  it('are read from YAML and JSON alike', () => {
    const read = parseExpectations(EXPECTATIONS, NOW);
    expect(read.policy).toBe('policy.yaml');
    expect(read.cases.map(({ name, lane, rule }) => [name, lane, rule])).toEqual([
      ['testers get gray', 'gray', 'testers'],
      ['nobody is stable', 'stable', undefined],
      ['next year is blue', 'blue', 'later'],
    ]);
    const json: Expectations = parseExpectations('{"cases": [{"name": "n", "request": {}, "lane": "gray"}]}', NOW);
    expect(json).toMatchObject({ policy: undefined, cases: [{ name: 'n', request: { time: NOW }, lane: 'gray' }] });
  });

  it('are refused with every mistake, its line and its column', () => {
    const text = `polcy: x
cases:
  - { name: a, request: { path: cart }, lane: gray }
  - { name: a, request: { lane: gray }, lane: Gray, rule: "" }
  - { lane: gray, when: 1 }
`;
    expect(refusal(text)).toEqual([
      expect.stringMatching(/^1:1 polcy: unknown field \(did you mean "policy"\?\)/),
      '3:27 cases[0].request.path: must begin with "/"',
      '4:7 cases[1].name: another case has this name: names are unique',
      '4:27 cases[1].request.lane: belongs beside the request here, not into it',
      '4:41 cases[1].lane: "Gray" is no lane name',
      '4:53 cases[1].rule: must not be empty',
      expect.stringMatching(/^5:5 cases\[2\]\.name: must be a text, not missing/),
      expect.stringMatching(/^5:5 cases\[2\]\.request: must be a request/),
      expect.stringMatching(/^5:19 cases\[2\]\.when: unknown field/),
    ]);
    expect(refusal('cases: []')).toEqual(['1:1 cases: must have at least 1 item']);
    expect(refusal('policy: x')).toEqual([expect.stringMatching(/cases: must be a list, not missing/)]);
    expect(refusal('a: [')).toHaveLength(1);
  });
});

describe('a run', () => {
  it('passes what is decided as expected', () => {
    const results = runExpectations(POLICY, parseExpectations(EXPECTATIONS, NOW));
    expect(results.map(({ passed, message }) => [passed, message])).toEqual(Array(3).fill([true, undefined]));
    expect(results[0]).toEqual({
      name: 'testers get gray',
      passed: true,
      expected: { lane: 'gray', rule: 'testers' },
      decision: { by: 'rule', lane: 'gray', rule: 'testers' },
    });
  });

  it.each([
    [
      'another lane',
      { request: {}, lane: 'gray' },
      'expected gray, and it is stable by "ramp" (without header.x-user)',
    ],
    [
      'another rule',
      { request: { headers: { 'x-tester': '1' } }, lane: 'gray', rule: 'ramp' },
      'expected gray by "ramp", and it is gray by "testers"',
    ],
    [
      'a rule that is nowhere',
      { request: {}, lane: 'stable', rule: 'tester' },
      'expected stable by "tester", and it is stable by "ramp" (without header.x-user); no rule is called "tester" (did you mean "testers"?)',
    ],
    [
      'a lane that is nowhere',
      { request: { headers: { 'x-tester': '1' } }, lane: 'grey' },
      'expected grey, and it is gray by "testers"; no lane is called "grey" (did you mean "gray"?)',
    ],
  ])('fails %s and says what happened instead', (_, expectation, message) => {
    expect(run([{ name: 'n', ...expectation }])).toMatchObject([{ passed: false, message }]);
  });

  it('is not disturbed by other cases', () => {
    const request = { headers: { 'x-tester': '1' } };
    const cases = [
      { name: 'a', request, lane: 'blue' },
      { name: 'b', request, lane: 'gray' },
      { name: 'c', request: {}, lane: 'stable' },
    ];
    expect(run(cases).map(({ passed }) => passed)).toEqual([false, true, true]);
  });
});
