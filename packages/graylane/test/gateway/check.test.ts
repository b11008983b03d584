import { describe, expect, it } from '@jest/globals';
import { run } from '../run.ts';
import { filesWith } from './stage.ts';

const check = (path: string, env: NodeJS.ProcessEnv = {}) => run(['gateway', '--check', '-c', path], { env });

describe('graylane gateway --check', () => {
  it('says what a gateway would do', async () => {
    const path = filesWith({
      'instances.yaml': '[]',
      'gateway.yaml':
        'listen: 8080\nregistry: http://registry:8700\npolicy: policy.yaml\nworkers: auto\nroutes: [{ host: a.example, service: cart }, { service: front }]\n',
    });
    const { status, stdout, stderr } = await check(path('gateway.yaml'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/gateway\.yaml is good, configuration [0-9a-f]{16}$/);
    expect(lines).toEqual([
      'listen    127.0.0.1:8080',
      'admin     nowhere',
      'workers   auto',
      'registry  http://registry:8700',
      expect.stringMatching(/^policy {4}policy\.yaml, 1 rule, revision [0-9a-f]{16}$/),
      'routes    a.example/ → cart',
      '          */ → front',
    ]);
  });

  it('says every mistake of the configuration', async () => {
    const path = filesWith({ 'gateway.yaml': 'listen: x\nworkers: 0\nregistry: a\npolicy: b\n' });
    const { status, stderr } = await check(path('gateway.yaml'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/listen: must be[\s\S]*workers: must be 1 to 256/);
  });

  it('says what is wrong with the policy and with the registry, at once', async () => {
    const path = filesWith({
      'bad.yaml': 'version: 1\nsegments: { a: { file: missing.txt } }\nrules: [{ name: a, lane: gray }]\n',
      'gateway.yaml': 'registry: redis://somewhere\npolicy: bad.yaml\n',
    });
    const { status, stdout, stderr } = await check(path('gateway.yaml'));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/GL_POLICY_(?:INVALID|UNAVAILABLE): [\s\S]*No driver takes "redis:"/);
  });

  it('warns of an admin listener that others reach and that asks nobody', async () => {
    const path = filesWith({
      'gateway.yaml': 'admin: 0.0.0.0:8081\nregistry: http://registry:8700\npolicy: policy.yaml\n',
    });
    expect((await check(path('gateway.yaml'))).stdout).toContain('set GRAYLANE_ADMIN_TOKEN');
    expect((await check(path('gateway.yaml'), { GRAYLANE_ADMIN_TOKEN: 'x' })).stdout).not.toContain('GRAYLANE_ADMIN');
  });
});
