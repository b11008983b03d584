import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const POLICY = `version: 1
lanes: { gray: , blue: { enabled: false } }
segments:
  testers: { fact: header.x-user, file: testers.txt }
rules:
  - { name: testers, when: { segment: testers }, lane: gray }
  - name: one
    when: { fact: header.x-user, equals: u1 }
    lane: gray
  - { name: off, when: { fact: geo.country, equals: SG }, lane: blue }
`;

const check = (...args: string[]): ReturnType<typeof run> => run(['policy', 'check', ...args]);

describe('graylane policy check, of a policy without mistakes', () => {
  it('says what is hardly meant, where it stands, and shows a request', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY, 'testers.txt': 'u1\nu2\n' });
    const { status, stdout, stderr } = await check(files.path('policy.yaml'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(files.path('policy.yaml'), 'policy.yaml').split('\n')).toEqual([
      expect.stringMatching(/^policy\.yaml: good, 3 rules, 2 lanes, revision [0-9a-f]{16}; 1 warning, 2 notes$/),
      '  7:5    warning  rules[1] "one": no request gets here: the rule "testers" in front of it takes all that match',
      '                  such as GET / with x-user: u1',
      '  10:5   note     rules[2] "off": the rule "testers" in front of it sends some of these requests to gray',
      '                  such as GET / with x-user: u1, in the country SG',
      '  10:59  note     rules[2] "off" lane: blue is switched off, so these requests are picked as stable',
      '',
    ]);
  });

  it('ends with status 1 for warnings when that is asked for, and not for notes', async () => {
    const notes = 'version: 1\nlanes: { gray: }\n';
    using files = directoryWith({ 'policy.yaml': POLICY, 'testers.txt': 'u1', 'notes.yaml': notes });
    expect(await check('--strict', files.path('policy.yaml'))).toMatchObject({ status: 1 });
    expect(await check('--strict', files.path('notes.yaml'))).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 note\n  2:10  note     lanes.gray: no rule leads here'),
    });
    const both = await check('--strict', files.path('notes.yaml'), files.path('policy.yaml'));
    expect(both).toMatchObject({ status: 1, stdout: expect.stringMatching(/\n1 of 2 files have warnings\.\n$/) });
  });

  it('adds nothing about several files that are all good', async () => {
    const empty = 'version: 1';
    using files = directoryWith({ 'a.yaml': empty, 'b.yaml': empty });
    const { stdout } = await check(files.path('a.yaml'), files.path('b.yaml'));
    expect(stdout).toMatch(/^.*a\.yaml: good, .*\n.*b\.yaml: good, .*\n$/);
  });

  it('says nothing that depends on files which it could not read', async () => {
    const { status, stdout } = await run(['policy', 'check', '-'], { input: POLICY });
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^-: good, .*; 2 notes\n {2}10:5 {3}note .* the rule "one" in front of it .*\n.*\n {2}10:59 {2}note .*\n$/,
    );
  });

  it('prints findings for machines, with requests that can be fed in again', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY, 'testers.txt': 'u1' });
    const { stdout } = await check('--json', files.path('policy.yaml'));
    expect(JSON.parse(stdout)[0].findings[0]).toEqual({
      code: 'never-reached',
      severity: 'warning',
      path: 'rules[1]',
      message: expect.stringContaining('testers'),
      at: { line: 7, column: 5 },
      request: { headers: { 'x-user': 'u1' } },
    });
  });
});
