import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const BEFORE = `version: 1
lanes: { gray: }
rules:
  - { name: ramp, split: { by: header.x-user, lanes: { gray: 5 } } }
`;
const AFTER = `version: 1
lanes: { gray: , blue: }
rules:
  - { name: testers, when: { fact: header.x-user, in: [u1, u2] }, lane: blue }
  - { name: ramp, split: { by: header.x-user, lanes: { gray: 20 } } }
`;
const SALTED = BEFORE.replace('by:', 'salt: new, by:');
const REQUESTS = ['u1', 'u2', 'u7', 'u9']
  .map((user) => JSON.stringify({ id: `of ${user}`, headers: { 'x-user': user } }))
  .join('\n');

const FILES = { 'a.yaml': BEFORE, 'b.yaml': AFTER, 'salted.yaml': SALTED, 'requests.jsonl': REQUESTS };

/** Runs the command in a directory with the files, and takes the directory out of what it prints. */
async function diff(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  using files = directoryWith(FILES);
  const { status, stdout, stderr } = await run([
    'policy',
    'diff',
    ...args.map((arg) => (arg.includes('.') ? files.path(arg) : arg)),
  ]);
  const short = (text: string): string => text.replaceAll(files.path('x').slice(0, -1), '');
  return { status, stdout: short(stdout), stderr: short(stderr) };
}

describe('graylane policy diff', () => {
  it('says what is different, and exactly whom it moves', async () => {
    const { status, stdout, stderr } = await diff('a.yaml', 'b.yaml');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replace(/revision [0-9a-f]{16}/g, 'revision R').split('\n')).toEqual([
      'a.yaml (revision R) → b.yaml (revision R)',
      '',
      '  + lane blue',
      '  + rule "testers", the 1st',
      '  ~ rule "ramp": split',
      '',
      'Of the users of "ramp", exactly 15 % change lane: 15 % from stable to gray. Nobody else does.',
      '',
    ]);
  });

  it('warns of a salt that moves users who are in, and tries keys', async () => {
    const { stdout } = await diff('a.yaml', 'salted.yaml');
    expect(stdout).toMatch(
      /Of the users of "ramp", about 9\.5 % change lane, because the salt changed: 4\.75 % from gray to stable, 4\.75 % from stable to gray\. \((?:8|9|10)(?:\.\d+)? % of 20000 keys that were tried\.\)/,
    );
    expect(stdout).toMatch(/\nwarning {2}rules\[0\]\.split\.salt: the salt was "ramp" and is "new": /);
  });

  it('says which of some requests change lane, and why', async () => {
    const { stdout } = await diff('a.yaml', 'b.yaml', '--requests', 'requests.jsonl');
    const [, sample = ''] = stdout.split('requests.jsonl: ');
    expect(sample.split('\n').slice(0, 5)).toEqual([
      '2 of 4 requests change lane.',
      '  2  stable → blue',
      '',
      expect.stringMatching(
        /^ {2}1 \(of u1\): was stable by "ramp" \(header\.x-user in bucket \d+\), is blue by "testers"$/,
      ),
      expect.stringMatching(/^ {2}2 \(of u2\): /),
    ]);
  });

  it('ends with status 1 for a difference only when that is asked for', async () => {
    expect(await diff('a.yaml', 'b.yaml', '--exit-code')).toMatchObject({ status: 1 });
    expect(await diff('a.yaml', 'a.yaml', '--exit-code')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^a\.yaml and a\.yaml are the same policy, revision [0-9a-f]{16}\.\n$/),
    });
  });

  it('prints the same for machines', async () => {
    const { stdout } = await diff('a.yaml', 'b.yaml', '--json', '--requests', 'requests.jsonl');
    expect(JSON.parse(stdout)).toMatchObject({
      same: false,
      lanes: { added: ['blue'], removed: [], changed: [] },
      rules: [
        { kind: 'added', name: 'testers', to: 0 },
        { kind: 'changed', name: 'ramp', fields: ['split'] },
      ],
      splits: [{ rule: 'ramp', basis: 'ranges', moves: [{ from: 'stable', to: 'gray', buckets: 15_000 }] }],
      sample: {
        requests: 4,
        changed: 2,
        examples: [{ number: 1, id: 'of u1', from: 'stable', to: 'blue', why: expect.any(String) }, { number: 2 }],
      },
      warnings: [],
    });
  });

  it('names what it cannot read', async () => {
    expect(await diff('a.yaml', 'gone.yaml')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('gone.yaml'),
    });
    expect(await diff('a.yaml', 'b.yaml', '--requests', 'gone.jsonl')).toMatchObject({
      status: 2,
      stderr: 'GL_CONFIG_INVALID: gone.jsonl cannot be read: there is no such file\n',
    });
    expect(await diff('a.yaml', 'b.yaml', '--requests', 'a.yaml')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^GL_CONFIG_INVALID: The requests have 4 mistakes:\n {2}1:1 is no JSON\n/),
    });
  });
});
