import type { Instance } from '@graylane/core';
import { httpRegistry } from '@graylane/sources/http';
import { createRegistryServer, type RegistryServer } from '@graylane/sources/registry-server';
import { eventually, type RegistryHarness } from '@graylane/testkit';
import { type Called, call } from './http-call.ts';

const TOKEN = 'Y5fFx-the-token-of-the-tests';
const LONG_MS = 60_000;

/** The embedded registry as a source: a real server on loopback that is killed and started again on the same port. */
export async function registryServerHarness(): Promise<RegistryHarness> {
  let content: readonly Instance[] = [];
  let server: RegistryServer | undefined;
  let url = '';

  const start = async (): Promise<void> => {
    server = createRegistryServer({ token: TOKEN, ttlMs: 300, heartbeatMs: 50 });
    url = await server.listen({ port: Number(new URL(url === '' ? 'http://h:0' : url).port) });
  };
  const stop = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };
  const ask = async (method: string, path: string, body?: unknown): Promise<Called> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await call(`${url}/v1/${path}`, { method, headers, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const put = async (instance: Instance, ttlMs: number): Promise<unknown> => {
    const { lane: _lane, ...fields } = instance; // it is read from the metadata
    return ask('PUT', pathOf(instance), { ...fields, ttlMs });
  };
  const listed = async (): Promise<readonly Instance[]> => (await ask('GET', 'instances')).json.instances;
  const isIn = (instance: Instance, list: readonly Instance[]): boolean =>
    list.some(({ service, id }) => service === instance.service && id === instance.id);
  const write = async (): Promise<void> => {
    for (const instance of content) await put(instance, LONG_MS);
  };

  await start();
  return {
    open: (options) => httpRegistry({ url, token: TOKEN, ...options }),
    set: async (instances) => {
      const before = content;
      content = instances;
      if (!server) return;
      await write();
      const absent = before.filter((instance) => !isIn(instance, content));
      for (const instance of (await listed()).filter((other) => isIn(other, absent))) await put(instance, 100);
      await eventually('they have expired', async () => {
        const list = await listed();
        return !absent.some((instance) => isIn(instance, list));
      });
    },
    listed,
    leave: async (instance) => {
      await ask('DELETE', pathOf(instance));
    },
    stop,
    start: async () => {
      await start();
      await write();
    },
    forget: async () => {
      await stop();
      await start();
    },
    secrets: [TOKEN],
    close: stop,
  };
}

function pathOf({ service, id }: Instance): string {
  return `services/${encodeURIComponent(service)}/instances/${encodeURIComponent(id)}`;
}
