import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const GOOD = `
version: 1
lanes: { gray: {} }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
`;

const BAD = `version: 1
lanes:
  gray: { fallbak: [stable] }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: grey }
`;

describe('graylane policy check', () => {
  it('says of a good policy what it holds', async () => {
    using files = directoryWith({ 'good.yaml': GOOD });
    const { status, stdout, stderr } = await run(['policy', 'check', files.path('good.yaml')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\/.*good\.yaml: good, 1 rule, 1 lane, revision [0-9a-f]{16}\n$/);
  });

  it('says of a bad one every mistake with its line, column, path and what to do', async () => {
    using files = directoryWith({ 'bad.yaml': BAD });
    const { status, stdout } = await run(['policy', 'check', files.path('bad.yaml')]);
    expect(status).toBe(1);
    expect(stdout.replace(files.path('bad.yaml'), 'bad.yaml').split('\n')).toEqual([
      'bad.yaml: 2 mistakes',
      expect.stringMatching(/^ {2}3:11 lanes\.gray\.fallbak: unknown field \(did you mean "fallback"\?\)/),
      expect.stringMatching(/^ {2}5:\d+ rules\[0\]\.lane: no lane is called "grey" \(did you mean "gray"\?\)/),
      '',
    ]);
  });

  it('judges each of several files and counts those with mistakes', async () => {
    using files = directoryWith({ 'good.yaml': GOOD, 'bad.yaml': BAD });
    const paths = ['good.yaml', 'bad.yaml', 'missing.yaml'].map(files.path);
    const { status, stdout } = await run(['policy', 'check', ...paths]);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /good\.yaml: good, .*\n.*bad\.yaml: 2 mistakes\n(?: {2}.*\n){2}.*missing\.yaml: 1 mistake\n/,
    );
    expect(stdout).toMatch(/missing\.yaml cannot be read: .*no such file/);
    expect(stdout).toMatch(/\n2 of 3 files have mistakes\.\n$/);
  });

  it('reads the standard input where the file is called -', async () => {
    expect(await run(['policy', 'check', '-'], { input: GOOD })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^-: good, 1 rule, 1 lane, /),
    });
    expect(await run(['policy', 'check', '-'], { input: BAD })).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^-: 2 mistakes\n/),
    });
  });

  it('misses the files that segments name', async () => {
    const segment = 'segments: { beta: { fact: header.x-user, file: beta.txt } }';
    using files = directoryWith({ 'policy.yaml': GOOD + segment });
    const { status, stdout } = await run(['policy', 'check', files.path('policy.yaml')]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/segments\.beta\.file: cannot be read: .*beta\.txt/);
  });

  it('prints a list for machines', async () => {
    using files = directoryWith({ 'good.yaml': GOOD, 'bad.yaml': BAD });
    const { status, stdout } = await run([
      'policy',
      'check',
      '--json',
      files.path('good.yaml'),
      files.path('bad.yaml'),
    ]);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        file: files.path('good.yaml'),
        revision: expect.stringMatching(/^[0-9a-f]{16}$/),
        rules: 1,
        lanes: 1,
        findings: [],
      },
      {
        file: files.path('bad.yaml'),
        issues: [
          { path: 'lanes.gray.fallbak', message: expect.stringContaining('fallback'), at: { line: 3, column: 11 } },
          {
            path: 'rules[0].lane',
            message: expect.stringContaining('gray'),
            at: { line: 5, column: expect.any(Number) },
          },
        ],
      },
    ]);
  });
});
