import { createServer } from 'node:http';
import { httpRegistry } from '@graylane/sources/http';
import { createRegistryServer } from '@graylane/sources/registry-server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const YAML = `
orders:
  - { host: 10.0.0.9, port: 80, lane: gray, state: draining, zone: b }
cart:
  - { host: 10.0.0.2, port: 8080, lane: gray }
  - { host: 10.0.0.3, port: 80 }
  - { host: "::1", port: 80, weight: 3 }
`;

describe('graylane instances', () => {
  const server = createRegistryServer({ token: 'letmein' });
  const registry = server.listen({ port: 0 }).then((url) => httpRegistry({ url, token: 'letmein' }));
  let url = '';

  beforeAll(async () => {
    const open = await registry;
    url = open.name;
    const instance = { host: '10.0.0.1', weight: 1, zone: '', state: 'ready', metadata: {} } as const;
    await Promise.all([
      open.register({ ...instance, id: 'a', service: 'cart', port: 1, lane: 'stable' }).accepted,
      open.register({ ...instance, id: 'b', service: 'stock', port: 2, lane: 'gray' }).accepted,
    ]);
  });
  afterAll(async () => {
    await (await registry).close();
    await server.close();
  });
  const env = { GRAYLANE_REGISTRY_TOKEN: 'letmein' };

  it('shows those of a file by service, stable first, in columns', async () => {
    using files = directoryWith({ 'instances.yaml': YAML });
    const { status, stdout, stderr } = await run(['instances', '-r', files.path('instances.yaml')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'service  lane    address        state     weight  zone',
      '───────  ──────  ─────────────  ────────  ──────  ────',
      'cart     stable  10.0.0.3:80    ready     1',
      'cart     stable  [::1]:80       ready     3',
      'cart     gray    10.0.0.2:8080  ready     1',
      'orders   gray    10.0.0.9:80    draining  1       b',
      '',
    ]);
  });

  it('shows those of a running registry, with its token from the environment', async () => {
    const { status, stdout } = await run(['instances', '-r', url], { env });
    expect(status).toBe(0);
    expect(stdout.split('\n').slice(2)).toEqual([
      'cart     stable  10.0.0.1:1  ready  1',
      'stock    gray    10.0.0.1:2  ready  1',
      '',
    ]);
  });

  it('shows those of one service', async () => {
    const { stdout } = await run(['instances', 'stock', '-r', url], { env });
    expect(stdout).toContain('10.0.0.1:2');
    expect(stdout).not.toContain('cart');
  });

  it('says of a service without any which others there are', async () => {
    const { status, stdout, stderr } = await run(['instances', 'kart', '-r', url], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(`${url} knows no instance of kart; it knows cart, stock.\n`);
  });

  it('says that a registry is empty', async () => {
    using files = directoryWith({ 'none.yaml': '[]' });
    const { status, stderr } = await run(['instances', '-r', files.path('none.yaml')]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `${files.path('none.yaml')} knows no instance.\n` });
  });

  it('prints whole instances for machines', async () => {
    const { status, stdout } = await run(['instances', 'cart', '--json', '-r', url], { env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      {
        id: 'a',
        service: 'cart',
        host: '10.0.0.1',
        port: 1,
        lane: 'stable',
        weight: 1,
        zone: '',
        state: 'ready',
        metadata: {},
      },
    ]);
  });

  it('prints an empty list for machines where there is none', async () => {
    const { status, stdout } = await run(['instances', 'kart', '--json', '-r', url], { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '[]\n' });
  });

  it('fails with the first attempt when the registry is out of reach, and says what to do', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const { status, stdout, stderr } = await run(['instances', '-r', `http://127.0.0.1:${port}`]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      `GL_REGISTRY_UNAVAILABLE: http://127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
      expect.stringMatching(/^What to do: Start the registry or mend its address/),
      '',
    ]);
  });

  it('fails when the registry wants a token, and says so', async () => {
    const { status, stderr } = await run(['instances', '-r', url]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^GL_REGISTRY_REFUSED: .* answered 401: A token is needed.*\nWhat to do: /);
  });

  it('fails with every mistake of a file', async () => {
    using files = directoryWith({ 'bad.yaml': 'cart: [{ host: a, port: 99999 }, { hots: a, port: 1 }]' });
    const { status, stderr } = await run(['instances', '-r', files.path('bad.yaml')]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^GL_INSTANCES_INVALID: .*\n {2}1:\d+ cart\[0\]\.port: .*\n {2}1:\d+ cart\[1\]/);
  });
});
