import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGraylaneError } from '@graylane/core';
import { openPolicy, openRegistry } from '@graylane/sources/open';
import { createRegistryServer } from '@graylane/sources/registry-server';
import { shown } from '@graylane/testkit';
import { describe, expect, it } from '@jest/globals';

describe('a source that is named by a URL', () => {
  it('is the embedded registry under http:', async () => {
    const server = createRegistryServer({ token: 'abc' });
    const url = await server.listen({ port: 0 });
    const registry = await openRegistry(url, { token: 'abc' });
    await registry.ready();
    expect(registry.name).toBe(url);
    await registry.close();
    await server.close();
  });

  it('is a file under file:, or when it is just a path', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'graylane-'));
    const [instances, policy] = [join(directory, 'instances.yaml'), join(directory, 'policy.yaml')];
    await writeFile(instances, 'orders: [{ host: a, port: 1 }]');
    await writeFile(policy, 'version: 1');
    for (const prefix of ['', 'file:', 'file://']) {
      const registry = await openRegistry(prefix + instances);
      const policies = await openPolicy(prefix + policy);
      await Promise.all([registry.ready(), policies.ready()]);
      expect(shown(registry, 'orders')).toBe('1');
      await Promise.all([registry.close(), policies.close()]);
    }
    await rm(directory, { recursive: true });
  });

  it('is refused when no driver knows its kind', async () => {
    for (const opening of [openRegistry('zk://a:1'), openPolicy('http://a')]) {
      const error = await opening.catch((thrown) => thrown);
      expect(isGraylaneError(error, 'GL_CONFIG_INVALID')).toBe(true);
    }
  });
});
