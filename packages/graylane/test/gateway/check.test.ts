import { describe, expect, it } from '@jest/globals';
import { run } from '../run.ts';
import { makeCertificate } from './certificates.ts';
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
      'listen    127.0.0.1:8080  HTTP/1.1',
      'admin     nowhere',
      'workers   auto',
      'registry  http://registry:8700',
      expect.stringMatching(/^policy {4}policy\.yaml, 1 rule, revision [0-9a-f]{16}$/),
      'routes    a.example/ → cart',
      '          */ → front',
    ]);
  });

  it('says of every listener what would be spoken there, and which certificates end soon', async () => {
    const path = filesWith({
      'gateway.yaml': `
registry: http://registry:8700
policy: policy.yaml
instanceCA: soon.crt
listeners:
  - { address: 0.0.0.0:8443, tls: { certificates: [{ cert: soon.crt, key: soon.key }, { cert: later.crt, key: later.key }] } }
  - { address: 0.0.0.0:8080, http2: true, proxyProtocol: { from: [10.0.0.0/8] }, reusePort: true }
  - { address: 9443, http2: false, tls: { certificates: [{ cert: soon.crt, key: soon.key }], clientCA: later.crt } }
`,
    });
    await makeCertificate(path, 'soon', 5);
    await makeCertificate(path, 'later', 30);
    const { status, stdout, stderr } = await check(path('gateway.yaml'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      [
        'listen    0.0.0.0:8443    TLS, HTTP/2, HTTP/1.1',
        '          0.0.0.0:8080    HTTP/2, HTTP/1.1, PROXY protocol, with others',
        '          127.0.0.1:9443  TLS, HTTP/1.1, client certificates',
        'admin     nowhere',
      ].join('\n'),
    );
    expect(stdout).toMatch(/\n\nThe certificate for soon\.test ends on \d{4}-\d\d-\d\d, in [45] days\.\n$/);
  });

  it('says which certificates and keys cannot be used, all of them', async () => {
    const path = filesWith({
      'none.crt': 'nothing',
      'gateway.yaml': `
registry: http://registry:8700
policy: policy.yaml
instanceCA: none.crt
listeners:
  - { address: 8443, tls: { certificates: [{ cert: a.crt, key: b.key }, { cert: gone.crt, key: a.key }] } }
`,
    });
    for (const name of ['a', 'b']) await makeCertificate(path, name, 5);
    const { status, stdout, stderr } = await check(path('gateway.yaml'));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/none\.crt holds no certificate in PEM/);
    expect(stderr).toMatch(/a\.crt and \S+b\.key are no certificate with its key: .*mismatch/);
    expect(stderr).toMatch(/gone\.crt cannot be read/);
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
