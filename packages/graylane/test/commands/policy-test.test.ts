import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const POLICY = `version: 1
lanes: { gray: }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
`;
const GOOD = `policy: policy.yaml
cases:
  - { name: testers get gray, request: { headers: { x-tester: "1" } }, lane: gray, rule: testers }
  - { name: others do not, request: { url: "http://shop/" }, lane: stable }
`;
const BAD = `${GOOD}  - { name: "a <b> & #1", request: {}, lane: gray }\n`;
const FILES = { 'policy.yaml': POLICY, 'other.yaml': 'version: 1', 'good.yaml': GOOD, 'bad.yaml': BAD };

describe('graylane policy test', () => {
  it('says of each expectation whether it is met', async () => {
    using files = directoryWith(FILES);
    const { status, stdout, stderr } = await run(['policy', 'test', files.path('good.yaml')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(files.path('policy.yaml'), 'policy.yaml')).toMatch(
      /^✓ testers get gray\n✓ others do not\n\n2 expectations met by policy\.yaml, revision [0-9a-f]{16}\.\n$/,
    );
  });

  it('says what happened instead, and ends with status 1', async () => {
    using files = directoryWith(FILES);
    const { status, stdout } = await run(['policy', 'test', files.path('bad.yaml')]);
    expect(status).toBe(1);
    expect(stdout).toContain('✗ a <b> & #1\n    expected gray, and it is stable, as no rule matches\n');
    expect(stdout).toMatch(/\n1 of 3 expectations not met by .*policy\.yaml, revision/);
  });

  it('takes another policy than the one that the file names', async () => {
    using files = directoryWith(FILES);
    const args = ['policy', 'test', files.path('good.yaml'), '--policy', files.path('other.yaml')];
    const { status, stdout } = await run(args);
    expect(status).toBe(1);
    expect(stdout).toContain('it is stable, as no rule matches; no rule is called "testers"\n');
  });

  it('prints TAP 14', async () => {
    using files = directoryWith(FILES);
    const { status, stdout } = await run(['policy', 'test', files.path('bad.yaml'), '--reporter', 'tap']);
    expect(status).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'TAP version 14',
      '1..3',
      'ok 1 - testers get gray',
      'ok 2 - others do not',
      'not ok 3 - a <b> & \\#1',
      '  ---',
      '  message: "expected gray, and it is stable, as no rule matches"',
      '  ...',
      '',
    ]);
  });

  it("prints JUnit's XML", async () => {
    using files = directoryWith(FILES);
    const { stdout } = await run(['policy', 'test', files.path('bad.yaml'), '--reporter', 'junit']);
    expect(stdout.replaceAll(files.path('bad.yaml'), 'bad.yaml').split('\n')).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites tests="3" failures="1" errors="0">',
      '  <testsuite name="bad.yaml" tests="3" failures="1" errors="0" skipped="0">',
      '    <testcase classname="bad.yaml" name="testers get gray"/>',
      '    <testcase classname="bad.yaml" name="others do not"/>',
      '    <testcase classname="bad.yaml" name="a &lt;b&gt; &amp; #1">',
      '      <failure message="expected gray, and it is stable, as no rule matches"/>',
      '    </testcase>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ]);
  });

  it('prints results for machines', async () => {
    using files = directoryWith(FILES);
    const { stdout } = await run(['policy', 'test', '--json', files.path('bad.yaml')]);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: files.path('policy.yaml'),
      revision: expect.stringMatching(/^[0-9a-f]{16}$/),
      results: [
        { name: 'testers get gray', passed: true, decision: { by: 'rule', lane: 'gray', rule: 'testers' } },
        { passed: true },
        { passed: false, expected: { lane: 'gray' }, message: expect.any(String) },
      ],
    });
  });

  it.each([
    ['a file that is not there', 'gone.yaml', /gone\.yaml cannot be read: there is no such file/],
    [
      'mistakes in it',
      'policy.yaml',
      /^GL_CONFIG_INVALID: The expectations have 4 mistakes:\n {2}1:1 version: unknown/,
    ],
    ['no policy', 'lost.yaml', /lost\.yaml names no policy: write policy: policy\.yaml into it, or give --policy/],
  ])('ends with status 2 for %s', async (_, name, message) => {
    using files = directoryWith({ ...FILES, 'lost.yaml': GOOD.replace('policy: policy.yaml', '') });
    const { status, stdout, stderr } = await run(['policy', 'test', files.path(name)]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
