import { describe, expect, it } from '@jest/globals';
import { isLoopback } from '../../src/operate/admin-guard.ts';
import { POLICY } from '../stage.ts';
import { startAdmin } from './admin-stage.ts';

describe('an admin server', () => {
  it('says that a gateway is healthy as long as it lives, and ready until it drains', async () => {
    const { gateway, get } = await startAdmin();
    expect(await get('/healthz')).toEqual([200, { ok: true }]);
    expect(await get('/readyz')).toEqual([200, { ready: true, draining: false }]);
    const closing = gateway.close({ drainMs: 200 });
    expect(await get('/readyz')).toEqual([503, { ready: false, draining: true }]);
    expect(await get('/healthz')).toEqual([200, { ok: true }]);
    await closing;
    expect((await get('/readyz'))[0]).toBe(503);
  });

  it('says what the gateway knows, and why a policy was refused', async () => {
    const { policy, get } = await startAdmin();
    expect(await get('/status')).toMatchObject([
      200,
      {
        ready: true,
        draining: false,
        connections: 0,
        requests: 0,
        registry: { freshness: 'fresh', origin: 'source', services: 1, instances: 1 },
        policy: { freshness: 'fresh', revision: expect.stringMatching(/^[0-9a-f]{16}$/) },
      },
    ]);
    policy.set({ ...POLICY, rules: [{ name: 'x', when: {}, lane: 'unheard-of' }] });
    const [, status] = await get('/status');
    expect(status).toMatchObject({ ready: true, policy: { refused: expect.stringContaining('rules[0].lane') } });
  });

  it('lists what can be asked, and says so of what cannot', async () => {
    const { get, getText } = await startAdmin();
    expect(await get('/')).toEqual([200, expect.objectContaining({ 'GET /metrics': expect.any(String) })]);
    expect(await get('/nothing')).toMatchObject([404, { error: expect.stringContaining('GET /') }]);
    expect(await get('/status', { method: 'DELETE' })).toEqual([405, { error: 'Use GET or HEAD.' }]);
    expect(await get('/explain')).toEqual([405, { error: 'Use POST.' }]);
    expect(await getText('/status', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('puts nothing that somebody asked for into a header', async () => {
    const { getText } = await startAdmin();
    const { status, lines } = await getText('/explain/%0d%0aset-cookie:%20a=1');
    expect([status, lines.join(' ')]).toEqual([404, expect.not.stringContaining('set-cookie')]);
  });

  it('wants its token for everything but the probes', async () => {
    const { getText } = await startAdmin({ token: 'letmein' });
    const statusOf = async (target: string, ...headers: string[]) => (await getText(target, { headers })).status;
    expect(await statusOf('/healthz')).toBe(200);
    expect(await statusOf('/readyz')).toBe(200);
    for (const target of ['/', '/status', '/metrics', '/explain/x', '/nothing'])
      expect(await statusOf(target)).toBe(401);
    for (const shown of ['Bearer letmei', 'Bearer letmeinn', 'Basic letmein', 'Bearer', 'letmein'])
      expect([shown, await statusOf('/status', `authorization: ${shown}`)]).toEqual([shown, 401]);
    expect(await statusOf('/status', 'authorization: bearer letmein')).toBe(200);
  });
});

describe('a request is explained', () => {
  it('by the policy in force, with the pick at each service', async () => {
    const { get } = await startAdmin();
    const body = JSON.stringify({ headers: { 'x-tester': '1' } });
    expect(await get('/explain', { method: 'POST', body })).toMatchObject([
      200,
      {
        decision: { by: 'rule', lane: 'gray', rule: 'testers' },
        revision: expect.any(String),
        hops: [{ service: 'shop', pick: { kind: 'fallback', because: 'no-instances' } }],
      },
    ]);
  });

  it('as text for who wants text, where there is somebody who writes it', async () => {
    const { getText } = await startAdmin({ formatExplanation: ({ decision }) => `the lane is ${decision.lane}` });
    const explain = (...headers: string[]) => getText('/explain', { method: 'POST', body: '{}', headers });
    expect(await explain('accept: text/plain')).toMatchObject({
      type: 'text/plain; charset=utf-8',
      text: 'the lane is stable\n',
    });
    expect((await explain()).type).toBe('application/json; charset=utf-8');
  });

  it('or refused with its mistakes', async () => {
    const { get } = await startAdmin();
    const explain = (body: string) => get('/explain', { method: 'POST', body });
    expect(await explain('{')).toEqual([400, { error: 'The body is no JSON.' }]);
    expect(await explain('{"ip":"here","rotue":1}')).toEqual([400, { error: expect.stringMatching(/rotue.*\n.*ip/) }]);
    expect(await explain(`"${'x'.repeat(70_000)}"`)).toMatchObject([413, {}]);
  });

  it('after it came: what was decided then, and what would be decided now, without its secrets', async () => {
    const { policy, get, send } = await startAdmin();
    const headers = ['x-request-id: r-1', 'cookie: uid=7', 'x-session: hunter2', 'x-tester: 1'];
    await send({ target: '/cart?key=hunter2', headers });
    expect(await get('/explain/r-1')).toMatchObject([
      200,
      {
        requestID: 'r-1',
        path: '/cart',
        was: { decision: { lane: 'gray', rule: 'testers' }, service: 'shop', servedBy: 'stable', status: 200 },
        now: { decision: { lane: 'gray' } },
        changed: false,
      },
    ]);
    const when = { fact: 'header.x-session', equals: 'else' };
    policy.set({ ...POLICY, rules: [{ name: 'sessions', when, lane: 'gray' }] });
    const [, later] = await get('/explain/r-1');
    expect(later).toMatchObject({
      was: { decision: { lane: 'gray' } },
      now: { decision: { lane: 'stable' }, rules: [{ when: { value: '(masked, 7 bytes)' } }] },
      changed: true,
    });
    expect(JSON.stringify(later)).not.toContain('hunter2');
  });

  it('when it was refused before the rules, without what does not apply', async () => {
    const { get, send } = await startAdmin();
    await send({ host: 'a b', headers: ['x-request-id: r-2'] });
    const [, explanation] = await get('/explain/r-2');
    expect(explanation).toMatchObject({ was: { status: 400, error: 'GL_REQUEST_INVALID' } });
    expect(explanation).not.toHaveProperty('now');
  });

  it('only while it is among the last ones', async () => {
    const { get, send } = await startAdmin();
    for (let index = 0; index <= 10; index++) await send({ headers: [`x-request-id: n-${index}`] });
    expect((await get('/explain/n-0'))[0]).toBe(404);
    expect((await get('/explain/n-1'))[0]).toBe(200);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['gateway.example.com', false],
])('the address %s is reached from this machine only: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
