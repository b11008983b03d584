import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const POLICY = `
version: 1
lanes: { gray: {} }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
  - { name: half, when: { fact: token.sub, exists: true }, split: { by: token.sub, lanes: { gray: 50 } } }
`;

const INSTANCES = `
cart: [{ host: 10.0.0.1, port: 80 }, { host: 10.0.0.2, port: 80, lane: gray }]
stock: [{ host: 10.0.0.3, port: 80 }]
`;

describe('graylane explain', () => {
  it('says the lane first, and of each rule and condition whether it holds and what it saw', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const { status, stdout } = await run(['explain', '-p', files.path('policy.yaml'), '-H', 'x-tester: 1']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^gray: the rule "testers" matches/);
    expect(stdout).toMatch(/✓ testers: decides\n +✓ header\.x-tester equals "1", and it is "1"\n/);
    expect(stdout).toMatch(/✗ half: does not match\n +✗ token\.sub exists true, and the request has none\n/);
  });

  it('answers each line of a file with a line, and says which lane changed', async () => {
    using files = directoryWith({
      'policy.yaml': POLICY,
      'day.jsonl': '{"id":1,"headers":{"x-tester":"1"},"lane":"stable"}\n{"id":2,"url":"http://shop/"}\n',
    });
    const { status, stdout } = await run([
      'explain',
      '-p',
      files.path('policy.yaml'),
      '--requests',
      files.path('day.jsonl'),
    ]);
    expect(status).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: 1, by: 'rule', lane: 'gray', rule: 'testers', had: 'stable', changed: true },
      { id: 2, by: 'default', lane: 'stable' },
    ]);
  });

  it('takes a curl command, and says that no rule matches', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const curl = ['curl', '-H', 'x-tester: 2', 'http://shop/cart'];
    const { stdout } = await run(['explain', '-p', files.path('policy.yaml'), '--', ...curl]);
    expect(stdout).toMatch(/^stable: no rule matches/);
    expect(stdout).toContain('and it is "2"');
  });

  it('shows the pick at each service of a registry', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY, 'instances.yaml': INSTANCES });
    const sources = ['-p', files.path('policy.yaml'), '-i', files.path('instances.yaml')];
    const { stdout } = await run(['explain', ...sources, '-H', 'x-tester: 1']);
    expect(stdout).toMatch(/^cart +gray +hit +gray → stable +/m);
    expect(stdout).toMatch(/^stock +stable +fallback: no-instances +gray → stable +/m);
  });

  it('prints the same for machines, with the bucket of a split', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY, 'instances.yaml': INSTANCES });
    const sources = ['-p', files.path('policy.yaml'), '-i', files.path('instances.yaml')];
    const { status, stdout } = await run(['explain', ...sources, '--token', '{"sub":"u1"}', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      decision: { by: 'split', rule: 'half' },
      rules: [{ name: 'testers' }, { name: 'half', leadsTo: { key: 'u1', bucket: expect.any(Number) } }],
      hops: [{ service: 'cart' }, { service: 'stock' }],
    });
  });

  it.each([
    ['a policy with mistakes', 1, ['-p', 'bad.yaml'], /^GL_POLICY_INVALID: [\s\S]* {2}1:1 version: /],
    [
      'a policy that is not there',
      1,
      ['-p', '/nowhere.yaml'],
      /^GL_POLICY_UNAVAILABLE: \/nowhere\.yaml cannot be read/,
    ],
    [
      'instances that are not there',
      1,
      ['-p', 'good.yaml', '-i', '/no.yaml'],
      /^GL_REGISTRY_UNAVAILABLE: \/no\.yaml cannot/,
    ],
    [
      'a header that is none',
      2,
      ['-p', 'good.yaml', '-H', 'x'],
      /^GL_CONFIG_INVALID: "x" is no header: write "name: value"/,
    ],
    [
      'claims that are no object',
      2,
      ['-p', 'good.yaml', '--token', '[]'],
      /^GL_CONFIG_INVALID: The request has a mistake:\n {2}token: must be an object/,
    ],
    [
      'a time that is none',
      2,
      ['-p', 'good.yaml', '--time', 'noon'],
      /^GL_CONFIG_INVALID: The request has a mistake:\n {2}time: "noon" is no time: write 2026/,
    ],
    [
      'curl without a URL',
      2,
      ['-p', 'good.yaml', '--', 'curl', '-s'],
      /^GL_CONFIG_INVALID: The curl command has no URL/,
    ],
  ])('fails at once with %s', async (_what, expected, args, said) => {
    using files = directoryWith({ 'good.yaml': POLICY, 'bad.yaml': 'version: 2\n' });
    const inDirectory = args.map((arg) => (/^(?:good|bad)\.yaml$/.test(arg) ? files.path(arg) : arg));
    const { status, stdout, stderr } = await run(['explain', ...inDirectory]);
    expect(stderr).toMatch(said);
    expect({ status, stdout }).toEqual({ status: expected, stdout: '' });
  });
});
