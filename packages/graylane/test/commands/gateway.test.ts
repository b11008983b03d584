import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createRegistryServer } from '@graylane/sources/registry-server';
import { afterEach, describe, expect, it } from '@jest/globals';
import { directoryWith, type Running, run, start, startService } from '../run.ts';

const POLICY = `
version: 1
lanes: { gray: {} }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
`;

/** What is to be ended after a test, whatever became of it. */
const running: (Running | { end(): Promise<unknown> })[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.end('SIGKILL');
});

async function startRegistry(token?: string): Promise<string> {
  const server = createRegistryServer(token === undefined ? {} : { token });
  const url = await server.listen({ port: 0 });
  running.push({ end: () => server.close() });
  return url;
}

async function startGateway(
  config: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<{ gateway: Running; url: string; admin: string }> {
  const gateway = start(['gateway', '--config', config, ...args], env);
  running.push(gateway);
  const [, url = ''] = await gateway.until(/gateway {2}(http:\S+)/);
  const [, admin = ''] = await gateway.until(/admin {4}(http:\S+)/);
  return { gateway, url, admin };
}

interface Got {
  readonly status: number | undefined;
  readonly body: string;
}

const ask = (url: string, headers: Record<string, string> = {}): Promise<Got> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, async (response) =>
      resolve({ status: response.statusCode, body: await text(response) }),
    ).on('error', reject);
  });

async function askUntil(body: string, url: string, headers: Record<string, string> = {}): Promise<void> {
  while ((await ask(url, headers)).body !== body) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('graylane gateway', () => {
  it('serves by lane as its configuration says, logs JSON, answers probes, and drains on SIGTERM', async () => {
    const registry = await startRegistry();
    using files = directoryWith({
      'policy.yaml': POLICY,
      'gateway.yaml': `
listen: 127.0.0.1:0
admin: 127.0.0.1:0
registry: ${registry}
policy: policy.yaml
routes: [{ path: /, service: cart }]
trust: { lanes: [127.0.0.0/8] }
`,
    });
    running.push(
      ...(await Promise.all(
        ['stable', 'gray'].map((LANE) => startService({ SERVICE: 'cart', LANE, REGISTRY: registry })),
      )),
    );
    const { gateway, url, admin } = await startGateway(files.path('gateway.yaml'), ['--drain', '60000']);

    await askUntil('cart stable for stable', url);
    await askUntil('cart gray for gray', url, { 'x-tester': '1' });
    expect(await ask(url, { baggage: 'graylane=gray' })).toEqual({ status: 200, body: 'cart gray for gray' });
    const [line = ''] = await gateway.until(/^.*"rule":"testers".*$/m);
    expect(JSON.parse(line)).toMatchObject({
      status: 200,
      service: 'cart',
      lane: 'gray',
      pick: 'hit',
      servedBy: 'gray',
    });
    const [carried = ''] = await gateway.until(/^.*"by":"carried".*$/m);
    expect(JSON.parse(carried)).toMatchObject({ lane: 'gray' });

    expect(await ask(`${admin}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${admin}/readyz`)).toMatchObject({ status: 200, body: expect.stringContaining('"ready": true') });
    expect(JSON.parse((await ask(`${admin}/status`)).body)).toMatchObject({
      ready: true,
      registry: { freshness: 'fresh' },
      policy: { freshness: 'fresh', revision: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });

    gateway.child.kill('SIGTERM');
    await gateway.until(/SIGTERM: draining for 60000 ms; once more to end at once/);
    expect(await ask(`${admin}/readyz`)).toMatchObject({
      status: 503,
      body: expect.stringContaining('"draining": true'),
    });
    expect(await ask(url)).toMatchObject({ status: 200 });
    await gateway.end('SIGTERM');
    expect(gateway.child.signalCode).toBe('SIGTERM');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with status 0 when it has drained after %s', async (signal) => {
    using files = directoryWith({
      'policy.yaml': POLICY,
      'instances.yaml': '[]',
      'gateway.yaml': 'listen: 0\nadmin: 0\nregistry: file:instances.yaml\npolicy: file:policy.yaml\n',
    });
    const { gateway, admin } = await startGateway(files.path('gateway.yaml'), ['--drain', '50']);
    expect(await gateway.end(signal)).toBe(0);
    await expect(ask(`${admin}/healthz`)).rejects.toThrow('ECONNREFUSED');
  });

  it('shows requests as people read them on request, or not at all', async () => {
    using files = directoryWith({
      'policy.yaml': POLICY,
      'instances.yaml': '[]',
      'gateway.yaml': 'listen: 0\nadmin: 0\nregistry: instances.yaml\npolicy: policy.yaml\n',
    });
    const asText = await startGateway(files.path('gateway.yaml'), ['--log', 'text']);
    const painted = await startGateway(files.path('gateway.yaml'), ['--log', 'text'], { FORCE_COLOR: '1' });
    const silent = await startGateway(files.path('gateway.yaml'), ['--log', 'none', '--drain', '0']);
    for (const { url } of [asText, painted, silent])
      expect(await ask(url, { host: 'cart' })).toMatchObject({ status: 502 });
    await asText.gateway.until(
      /^\d\d:\d\d:\d\d {2}502 {2}stable +[\d.]+ ms {2}GET {2}cart\/ → cart \(no rule\) GL_SERVICE_UNKNOWN$/m,
    );
    await painted.gateway.until(/ \x1b\[31m502\x1b\[39m {2}stable .* \x1b\[31mGL_SERVICE_UNKNOWN\x1b\[39m$/m);
    await silent.gateway.end('SIGTERM');
    expect(silent.gateway.printed.stdout).toBe('');
  });

  it('shows a registry its token, from the environment', async () => {
    const registry = await startRegistry('letmein');
    using files = directoryWith({
      'policy.yaml': POLICY,
      'gateway.yaml': `listen: 0\nadmin: 0\nregistry: ${registry}\npolicy: policy.yaml\n`,
    });
    const { admin } = await startGateway(files.path('gateway.yaml'), [], { GRAYLANE_REGISTRY_TOKEN: 'letmein' });
    expect(await ask(`${admin}/readyz`)).toMatchObject({ status: 200 });
  });

  it('starts with what it kept when the registry is away', async () => {
    const registry = createRegistryServer();
    const url = await registry.listen({ port: 0 });
    running.push({ end: () => registry.close() });
    using files = directoryWith({
      'policy.yaml': POLICY,
      'gateway.yaml': `listen: 0\nadmin: 0\nregistry: ${url}\npolicy: policy.yaml\nstateDirectory: state\nroutes: [{ service: cart }]\n`,
    });
    const service = await startService({ SERVICE: 'cart', REGISTRY: url });
    running.push(service);
    const before = await startGateway(files.path('gateway.yaml'), ['--drain', '0']);
    await askUntil('cart stable for stable', before.url);
    expect(await before.gateway.end('SIGTERM')).toBe(0);
    await registry.close();
    const after = await startGateway(files.path('gateway.yaml'), ['--drain', '0']);
    expect(await ask(after.url)).toEqual({ status: 200, body: 'cart stable for stable' });
    await after.gateway.until(/GL_REGISTRY_UNAVAILABLE: .* cannot be reached/);
  });

  it('does not start with a bad configuration, and says every mistake at once', async () => {
    using files = directoryWith({
      'gateway.yaml':
        'listen: 99999\nregistry: 7\nrotues: []\ntrust: { lanes: [everybody] }\nlimits: { bodyBytes: 0 }\n',
    });
    const { status, stdout, stderr } = await run(['gateway', '-c', files.path('gateway.yaml')]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const [head, ...places] = stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/: .*/, ''));
    expect(head).toBe('GL_CONFIG_INVALID');
    expect(places.toSorted()).toEqual([
      '  1:1 listen',
      '  1:1 policy',
      '  2:1 registry',
      '  3:1 rotues',
      '  4:18 trust.lanes[0]',
      '  5:11 limits.bodyBytes',
    ]);
  });

  it('says that there is no configuration, and that a source has no driver', async () => {
    expect(await run(['gateway', '-c', '/nowhere.yaml'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'GL_CONFIG_INVALID: /nowhere.yaml cannot be read: there is no such file\n',
    });
    using files = directoryWith({ 'gateway.yaml': 'registry: redis://somewhere\npolicy: policy.yaml\n' });
    expect(await run(['gateway', '-c', files.path('gateway.yaml')])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^GL_CONFIG_INVALID: No driver takes "redis:"/),
    });
  });

  it('says once that its policy has mistakes, and does not start', async () => {
    using files = directoryWith({
      'policy.yaml': 'version: 1\nrules: [{ name: a, lane: gray }]\n',
      'instances.yaml': '[]',
      'gateway.yaml': 'listen: 0\nregistry: instances.yaml\npolicy: policy.yaml\n',
    });
    const { status, stderr } = await run(['gateway', '-c', files.path('gateway.yaml')]);
    expect(status).toBe(1);
    expect(stderr.match(/no lane is called "gray"/g)).toHaveLength(1);
  });

  it.each(['listen', 'admin'])('says that the port of %s is taken', async (which) => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    running.push({ end: () => new Promise((resolve) => other.close(resolve)) });
    const { port } = other.address() as AddressInfo;
    const ports = { listen: 0, admin: 0, [which]: port };
    using files = directoryWith({
      'policy.yaml': POLICY,
      'instances.yaml': '[]',
      'gateway.yaml': `listen: ${ports.listen}\nadmin: ${ports.admin}\nregistry: instances.yaml\npolicy: policy.yaml\n`,
    });
    const { status, stderr } = await run(['gateway', '-c', files.path('gateway.yaml')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} is taken\\.\\nWhat to do: `));
  });
});
