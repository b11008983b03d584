import { renameSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { directoryWith, type Running, run, start, startService } from '../run.ts';

const POLICY = `
version: 1
lanes: { gray: {} }
rules:
  - { name: testers, when: { fact: header.x-tester, equals: "1" }, lane: gray }
`;

/** Processes to be ended after a test, whatever became of it. */
const running: Running[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.end('SIGKILL')));
});

async function startDev(
  policy: string,
  ...more: string[]
): Promise<{ dev: Running; gateway: string; registry: string }> {
  const dev = start(['dev', '--policy', policy, '--port', '0', '--registry-port', '0', ...more]);
  running.push(dev);
  const [, gateway = ''] = await dev.until(/gateway {3}(\S+)/);
  const [, registry = ''] = await dev.until(/registry {2}(\S+)/);
  await dev.until(/routes {4}.+\n/);
  return { dev, gateway, registry };
}

async function startCarts(registry: string): Promise<void> {
  const lanes = ['stable', 'gray'];
  running.push(
    ...(await Promise.all(lanes.map((LANE) => startService({ SERVICE: 'cart', LANE, REGISTRY: registry })))),
  );
}

const ask = (url: string, headers: Record<string, string> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => resolve(text(response))).on('error', reject);
  });

/** Asks until the answer is as expected: a registration reaches the gateway a moment after the service knows of it. */
async function askUntil(expected: string, url: string, headers: Record<string, string> = {}): Promise<void> {
  while ((await ask(url, headers)) !== expected) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Replaces a file as an editor does. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

describe('graylane dev', () => {
  it('serves services that register themselves, by lane, shows each request, and follows its policy', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const policy = files.path('policy.yaml');
    const { dev, gateway, registry } = await startDev(policy, '--route', '/cart=cart');
    await dev.until(/policy {4}\S+policy\.yaml, 1 rule, revision [0-9a-f]{16}\n/);
    await startCarts(registry);

    await askUntil('cart stable for stable', `${gateway}/cart`);
    await askUntil('cart gray for gray', `${gateway}/cart`, { 'x-tester': '1' });
    expect(await ask(`${gateway}/cart`, { baggage: 'graylane=gray' })).toBe('cart stable for stable');
    await dev.until(
      /^\d\d:\d\d:\d\d {2}200 {2}stable +[\d.]+ ms {2}GET {2}127\S+\/cart → cart stable 127\S+ \(no rule\)$/m,
    );
    await dev.until(
      /^\d\d:\d\d:\d\d {2}200 {2}gray +[\d.]+ ms {2}GET {2}127\S+\/cart → cart gray 127\S+ \(rule testers\)$/m,
    );
    expect(await ask(`${gateway}/elsewhere`)).toContain('GL_ROUTE_NOT_FOUND');
    await dev.until(/404 {2}- +[\d.]+ ms {2}GET {2}127\S+\/elsewhere GL_ROUTE_NOT_FOUND/);

    replaceFile(policy, `${POLICY}  - { name: beta, when: { fact: header.x-beta, exists: true }, lane: gray }\n`);
    const [, revision = ''] = await dev.until(/policy {4}\S+policy\.yaml, 2 rules, revision ([0-9a-f]{16})\n/);
    expect(await ask(`${gateway}/cart`, { 'x-beta': '' })).toBe('cart gray for gray');

    replaceFile(policy, POLICY.replace('gray: {}', 'grey: {}'));
    await dev.until(/GL_POLICY_INVALID: .*\n {2}5:\d+ rules\[0\]\.lane: no lane is called "gray"/);
    await dev.until(new RegExp(`Revision ${revision} stays in force\\.`));
    expect(await ask(`${gateway}/cart`, { 'x-beta': '' })).toBe('cart gray for gray');
  });

  it('sends a request to the service that its host names when there is no route, and shows JSON on request', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const { dev, gateway, registry } = await startDev(files.path('policy.yaml'), '--json');
    await dev.until(/routes {4}the host is the service/);
    await startCarts(registry);
    await askUntil('cart gray for gray', gateway, { host: 'cart', 'x-tester': '1' });
    const [line = ''] = await dev.until(/^.*"pick":"hit".*$/m);
    expect(JSON.parse(line)).toMatchObject({
      host: 'cart',
      target: '/',
      service: 'cart',
      lane: 'gray',
      rule: 'testers',
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with status 0 on %s', async (signal) => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const { dev, gateway, registry } = await startDev(files.path('policy.yaml'));
    expect(await dev.end(signal)).toBe(0);
    await expect(ask(gateway)).rejects.toThrow();
    await expect(ask(`${registry}/healthz`)).rejects.toThrow();
  });

  it('does not start without a good policy, and says every mistake at once', async () => {
    using files = directoryWith({ 'bad.yaml': 'version: 2\nlanes: { GRAY: {} }\n' });
    const { status, stderr } = await run(['dev', '-p', files.path('bad.yaml'), '--port', '0', '--registry-port', '0']);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^GL_POLICY_INVALID: The policy has 2 mistakes:\n {2}1:1 version: .*\n {2}2:10 lanes\.GRAY: /,
    );
  });

  it('does not wait for a policy that is not there', async () => {
    const { status, stderr } = await run(['dev', '-p', '/nowhere.yaml', '--port', '0', '--registry-port', '0']);
    expect(status).toBe(1);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^GL_POLICY_UNAVAILABLE: \/nowhere\.yaml cannot be read: /),
      expect.stringMatching(/^What to do: /),
      '',
    ]);
  });

  it('says which port is taken', async () => {
    using files = directoryWith({ 'policy.yaml': POLICY });
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    for (const ports of [
      ['--port', String(port), '--registry-port', '0'],
      ['--port', '0', '--registry-port', String(port)],
    ]) {
      const { status, stderr } = await run(['dev', '-p', files.path('policy.yaml'), ...ports]);
      expect(status).toBe(1);
      expect(stderr).toContain(`127.0.0.1:${port} is taken.\nWhat to do: `);
    }
    await new Promise((resolve) => other.close(resolve));
  });
});
