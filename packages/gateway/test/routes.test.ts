import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRouteTable, type Route, routeByHost } from '../src/routes.ts';
import { deadInstance, instanceAt, startHandler, startInstance, startStage } from './stage.ts';
import { ask } from './wire.ts';

const ROUTES: readonly Route[] = [
  { service: 'site' },
  { path: '/api', service: 'api' },
  { path: '/api/v2/', service: 'api-two' },
  { host: '*.example.com', service: 'tenants' },
  { host: '*.eu.example.com', service: 'europe' },
  { host: 'shop.example.com', path: '/cart', service: 'cart' },
  { host: 'Shop.Example.com', service: 'shop' },
  { host: '[::1]', service: 'six' },
];

describe('a route table', () => {
  it.each([
    ['anything.org', '/', 'site'],
    ['anything.org', '/api', 'api'],
    ['anything.org', '/api/', 'api'],
    ['anything.org', '/api/v2', 'api-two'],
    ['anything.org', '/api/v2/x', 'api-two'],
    ['anything.org', '/api/v22', 'api'],
    ['anything.org', '/apis', 'site'],
    ['anything.org', '/API', 'site'],
    ['shop.example.com', '/cart/7', 'cart'],
    ['shop.example.com', '/carts', 'shop'],
    ['SHOP.EXAMPLE.COM:8080', '/cart', 'cart'],
    ['a.example.com', '/api', 'tenants'],
    ['a.b.example.com', '/', 'tenants'],
    ['a.eu.example.com:443', '/', 'europe'],
    ['example.com', '/', 'site'],
    ['badexample.com', '/', 'site'],
    ['[::1]', '/', 'six'],
    ['[::1]:8080', '/', 'six'],
    ['', '/', 'site'],
    ['anything.org', '*', undefined],
  ])('sends %s%s to %s', (host, path, service) => {
    expect(createRouteTable(ROUTES)(host, path)?.service).toBe(service);
  });

  it('means the same in whatever order its routes are written', () => {
    const hosts = ['a.org', 'a.example.com', 'a.eu.example.com', 'shop.example.com', '[::1]:1'];
    const paths = ['/', '/api', '/api/v2/x', '/cart', '/cart/7', '/carts'];
    const requests = hosts.flatMap((host) => paths.map((path) => [host, path] as const));
    const expected = requests.map(([host, path]) => createRouteTable(ROUTES)(host, path));
    const shuffled = fc.shuffledSubarray([...ROUTES], { minLength: ROUTES.length });
    fc.assert(
      fc.property(shuffled, (routes) => {
        const table = createRouteTable(routes);
        expect(requests.map(([host, path]) => table(host, path))).toEqual(expected);
      }),
    );
  });

  it('has no service for what no route matches', () => {
    const table = createRouteTable([{ host: 'shop', path: '/cart', service: 'cart' }]);
    expect(table('shop', '/')).toBeUndefined();
    expect(table('other', '/cart')).toBeUndefined();
  });

  it('goes on to the wildcards where an exact host has no route for the path', () => {
    const table = createRouteTable([{ host: 'shop', path: '/cart', service: 'cart' }, { service: 'site' }]);
    expect(table('shop', '/x')?.service).toBe('site');
  });

  it('takes the host for the service where there are no routes', () => {
    expect(routeByHost('Shop:8080', '/')).toEqual({ service: 'shop' });
    expect(routeByHost('', '/')).toBeUndefined();
    expect(routeByHost('shop', '*')).toBeUndefined();
  });
});

describe('a gateway with routes', () => {
  it('sends a request to the service of its host and path, whatever the case and the port', async () => {
    const site = await startInstance('stable', (_, response) => response.end('site'), 'site');
    const cart = await startInstance('stable', (_, response) => response.end('cart'), 'cart');
    const { port } = await startStage([site.instance, cart.instance], {
      routes: [
        { host: 'shop.example.com', path: '/cart', service: 'cart' },
        { host: '*.example.com', service: 'site' },
      ],
    });
    const bodyOf = async (host: string, target: string): Promise<string> =>
      (await ask(port, { host, target })).body.toString();
    expect(await bodyOf('Shop.Example.COM:80', '/cart/7?a=b')).toBe('cart');
    expect(await bodyOf('shop.example.com', '/carts')).toBe('site');
    expect(cart.received.map(({ target }) => target)).toEqual(['/cart/7?a=b']);
  });

  it('looks at the host of an absolute target and not at Host, and sends the path alone', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { routes: [{ host: 'shop.example.com', service: 'shop' }] });
    const targets = ['http://Shop.example.com:80/x?y=1', 'HTTP://shop.example.com?y=1', 'http://shop.example.com'];
    for (const target of targets) expect(await ask(port, { target, host: 'elsewhere' })).toMatchObject({ status: 200 });
    expect(received.map(({ target }) => target)).toEqual(['/x?y=1', '/?y=1', '/']);
    expect(received[0]?.lines.slice(0, 2)).toEqual(['Host', 'Shop.example.com:80']);
    expect(received[0]?.lines.join()).not.toContain('elsewhere');
  });

  it('answers 404 as JSON where no route matches, and goes on with the connection', async () => {
    const { instance } = await startInstance();
    const { port, record } = await startStage([instance], { routes: [{ path: '/cart', service: 'shop' }] });
    const answer = await ask(port, { target: '/carts' });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'GL_ROUTE_NOT_FOUND' } });
    expect(answer.lines).toContain('application/json; charset=utf-8');
    expect(answer.lines).toContain('keep-alive');
    expect(await record()).toMatchObject({ status: 404, error: 'GL_ROUTE_NOT_FOUND', service: undefined });
  });

  it.each([[undefined], [[{ service: 'shop' }]]])(
    'has no route for OPTIONS *, and no instance suffers from it (routes: %j)',
    async (routes) => {
      const { instance, received } = await startInstance();
      const { port } = await startStage([instance], routes ? { routes } : {});
      expect((await ask(port, { method: 'OPTIONS', target: '*' })).status).toBe(404);
      expect((await ask(port, {})).status).toBe(200);
      expect(received).toHaveLength(1);
    },
  );

  it('answers 502 for a service that the registry does not know', async () => {
    const { instance } = await startInstance();
    const { port, record } = await startStage([instance], { routes: [{ service: 'shopp' }] });
    const answer = await ask(port, {});
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'GL_SERVICE_UNKNOWN' } });
    expect(await record()).toMatchObject({ service: 'shopp', error: 'GL_SERVICE_UNKNOWN', pick: { kind: 'unknown' } });
  });

  it('answers 503 where the service has nothing ready', async () => {
    const down = { ...(await deadInstance()), state: 'down' as const };
    const { port, record } = await startStage([down, instanceAt(1, 'gray')]);
    const answer = await ask(port, {});
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'GL_NO_INSTANCE' } });
    expect(await record()).toMatchObject({ error: 'GL_NO_INSTANCE', pick: { kind: 'empty', because: 'not-ready' } });
  });

  it('takes an HTTP/1.0 request without Host, and tells the instance no host that nobody named', async () => {
    const { instance, received } = await startInstance();
    const { port } = await startStage([instance], { routes: [{ service: 'shop' }] });
    const answer = await ask(port, 'GET / HTTP/1.0\r\n\r\n');
    expect(answer.status).toBe(200);
    expect(answer.lines).toContain('close');
    expect(received[0]?.lines).not.toContain('x-forwarded-host');
  });
});

it('a route may wait for answers for a time of its own', async () => {
  const { instance } = await startHandler(() => {}); // never answers
  const { port, record } = await startStage([instance], { routes: [{ path: '/', service: 'shop', answerMs: 50 }] });
  expect((await ask(port, { method: 'POST' })).status).toBe(504);
  expect(await record()).toMatchObject({ error: 'GL_UPSTREAM_TIMEOUT' });
});
