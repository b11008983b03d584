import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lane, parseNetwork } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import type { EdgeDuties } from '../../src/edge/duties.ts';
import { openEdge } from '../../src/edge/open-edge.ts';
import { type Pass, signPass } from '../../src/edge/pass.ts';
import type { Trust } from '../../src/trust.ts';
import { atEnd, eventually, type Received, type Stage, startInstance, startStage } from '../stage.ts';
import { ask, valuesOf } from '../wire.ts';
import { issuerKey, sign, startIssuer } from './issuer.ts';
import { keyOf, keysOf } from './keys.ts';
import { writeMmdb } from './write-mmdb.ts';

const LANES = { gray: {}, next: {} };
const KEY = keyOf('a');
const PASSES = { keys: keysOf('a'), maxLifetimeSeconds: 86_400 };
const passFor = (lane: string, more: Partial<Pass> = {}): string =>
  signPass({ lane: lane as Lane, expires: Math.floor(Date.now() / 1_000) + 3_600, ...more }, KEY);

interface Setting {
  readonly edge: EdgeDuties;
  readonly rules?: readonly object[];
  readonly attributes?: object;
  readonly trust?: Partial<Trust>;
}

/** A gateway with duties in front of a stable and a gray instance. */
async function start({ edge, rules = [], attributes = {}, trust = {} }: Setting) {
  const stable = await startInstance('stable');
  const gray = await startInstance('gray');
  const stage = await startStage([stable.instance, gray.instance], {
    edge,
    trust,
    policy: { version: 1, lanes: LANES, attributes, rules },
  });
  const received = (): readonly Received[] => [...stable.received, ...gray.received];
  return { ...stage, received, stable, gray };
}

const cookies = ({ lines }: { lines: readonly string[] }): string[] => valuesOf(lines, 'set-cookie');
const served = ({ body }: { body: Buffer }): string => body.toString().replace('served by ', '');

describe('a pass', () => {
  it('puts its holder into its lane, in a header or a cookie, and no instance and no log gets to see it', async () => {
    const { port, received, record } = await start({ edge: { passes: PASSES } });
    const pass = passFor('gray');
    const byHeader = await ask(port, { headers: [`X-Graylane-Pass: ${pass}`] });
    const byCookie = await ask(port, { headers: [`Cookie: a=1; graylane-pass=${pass}; b=2`] });
    expect([served(byHeader), served(byCookie), served(await ask(port, {}))]).toEqual(['gray', 'gray', 'stable']);
    expect(JSON.stringify(received())).not.toContain('glp1.');
    expect(valuesOf(received().at(-1)?.lines ?? [], 'cookie')).toEqual(['a=1; b=2']);
    expect(JSON.stringify(await record(3))).not.toContain('glp1.');
  });

  it('in a link becomes a cookie, and the link leads on without it', async () => {
    const { port, records } = await start({ edge: { passes: PASSES } });
    const link = await ask(port, { target: `/cart?a=1&graylane-pass=${passFor('gray')}&b=2` });
    expect(link.status).toBe(303);
    expect(valuesOf(link.lines, 'location')).toEqual(['/cart?a=1&b=2']);
    const [cookie = ''] = cookies(link);
    expect(cookie).toMatch(/^graylane-pass=glp1\.\S+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    const followed = await ask(port, { target: '/cart?a=1&b=2', headers: [`Cookie: ${cookie.split(';', 1)[0]}`] });
    expect(served(followed)).toBe('gray');
    expect(records.map(({ target, decision }) => [target, decision?.by])).toEqual([
      ['/cart?a=1&b=2', undefined],
      ['/cart?a=1&b=2', 'pass'],
    ]);
  });

  it.each([
    ['forged', `${passFor('gray').slice(0, -2)}AA`],
    ['for a lane that there is not', passFor('elsewhere')],
    ['expired', passFor('gray', { expires: 1_000 })],
  ])('that is %s: its link is refused, and in a header it is none', async (_, pass) => {
    const { port } = await start({ edge: { passes: PASSES } });
    const link = await ask(port, { target: `/?graylane-pass=${pass}` });
    expect([link.status, JSON.parse(link.body.toString()).error.code]).toEqual([403, 'GL_PASS_INVALID']);
    expect(served(await ask(port, { headers: [`X-Graylane-Pass: ${pass}`] }))).toBe('stable');
  });

  it('with debug tells its holder what was decided and who answered, and nobody else', async () => {
    const { port, gray } = await start({ edge: { passes: PASSES } });
    const told = await ask(port, { headers: [`X-Graylane-Pass: ${passFor('gray', { debug: true })}`] });
    const name = (line: string): string => valuesOf(told.lines, `x-graylane-${line}`).join();
    expect([name('lane'), name('rule'), name('instance')]).toEqual(['gray', '(pass)', `${gray.instance.id} (gray)`]);
    expect(name('revision')).toMatch(/^[0-9a-f]{16}$/);
    const quiet = await ask(port, { headers: [`X-Graylane-Pass: ${passFor('gray')}`] });
    expect(quiet.lines.join()).not.toContain('x-graylane');
  });
});

describe('an anonymous id', () => {
  const rules = [{ name: 'all', split: { by: 'attribute.visitor', lanes: { gray: 100 } } }];
  const attributes = { visitor: ['cookie.uid', 'cookie.graylane-id'] };

  it('is given where the policy asks for it: the first request is decided by it, and the client keeps it', async () => {
    const { port, gray } = await start({ edge: {}, rules, attributes });
    const first = await ask(port, { headers: ['Cookie: a=1'] });
    expect(served(first)).toBe('gray');
    const [cookie = ''] = cookies(first);
    expect(cookie).toMatch(/^graylane-id=[\w-]{22}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
    const [pair = ''] = cookie.split(';', 1);
    expect(valuesOf(gray.received[0]?.lines ?? [], 'cookie')).toEqual([`a=1; ${pair}`]);
    expect(cookies(await ask(port, { headers: [`Cookie: ${pair}`] }))).toEqual([]);
  });

  it('is not given where the policy does not ask', async () => {
    const { port } = await start({ edge: {}, rules: [] });
    expect(cookies(await ask(port, {}))).toEqual([]);
  });
});

describe('a pinned lane', () => {
  it('stays when the share would not give it any more, and ends with the share', async () => {
    const split = (gray: number, salt: string): object => ({
      version: 1,
      lanes: LANES,
      rules: [{ name: 'some', split: { by: 'header.x-user', salt, lanes: { gray } } }],
    });
    const pin = { cookie: 'pin', maxAgeSeconds: 60, keys: keysOf('a') };
    const stage = await start({ edge: { pin }, rules: (split(100, 's') as { rules: object[] }).rules });
    const first = await ask(stage.port, { headers: ['x-user: u'] });
    const [pair = ''] = (cookies(first)[0] ?? '').split(';', 1);
    expect([served(first), pair.slice(0, 9)]).toEqual(['gray', 'pin=gls1.']);
    stage.policy.set(split(0.001, 's'));
    const pinned = await ask(stage.port, { headers: ['x-user: u', `Cookie: ${pair}; a=1`] });
    expect([served(pinned), stage.records.at(-1)?.decision]).toEqual([
      'gray',
      { by: 'pinned', lane: 'gray', rule: 'some' },
    ]);
    expect(valuesOf(stage.gray.received.at(-1)?.lines ?? [], 'cookie')).toEqual(['a=1']);
    expect(served(await ask(stage.port, { headers: ['x-user: u', 'Cookie: pin=gray'] }))).toBe('stable');
    stage.policy.set(split(0, 's'));
    expect(served(await ask(stage.port, { headers: ['x-user: u', `Cookie: ${pair}`] }))).toBe('stable');
  });
});

describe('a token', () => {
  const rules = [{ name: 'enterprise', when: { fact: 'token.plan', equals: 'enterprise' }, lane: 'gray' }];

  async function startWithToken(required: boolean): Promise<{ stage: Stage; token: string }> {
    const key = await issuerKey('k');
    const issuer = await startIssuer([key]);
    const config = {
      keys: { url: issuer.url },
      from: [{ source: 'header', name: 'authorization' }],
      algorithms: ['ES256'],
      issuers: [],
      audiences: [],
      clockToleranceSeconds: 30,
      rememberSeconds: 300,
      required,
      fetch: { timeoutMs: 2_000, cooldownSeconds: 30, maxAgeSeconds: 600 },
    } as const;
    const edge = await openEdge({ token: config }, '.', () => {});
    atEnd(() => edge.close());
    return { stage: await start({ edge: edge.duties, rules }), token: await sign({ plan: 'enterprise' }, key) };
  }

  it('is verified, also the first time, when its keys must be fetched, and its claims decide', async () => {
    const { stage, token } = await startWithToken(false);
    const bearer = [`Authorization: Bearer ${token}`];
    const both = await Promise.all([ask(stage.port, { headers: bearer }), ask(stage.port, { headers: bearer })]);
    expect(both.map(served)).toEqual(['gray', 'gray']);
    const posted = await ask(stage.port, { method: 'POST', headers: bearer, body: 'x'.repeat(100_000) });
    expect(served(posted)).toBe('gray');
    expect(served(await ask(stage.port, { headers: ['Authorization: Bearer a.b.c'] }))).toBe('stable');
  });

  it('can be required', async () => {
    const { stage, token } = await startWithToken(true);
    const refused = await ask(stage.port, {});
    expect([refused.status, valuesOf(refused.lines, 'www-authenticate')]).toEqual([401, ['Bearer']]);
    expect(JSON.parse(refused.body.toString()).error.code).toBe('GL_TOKEN_REQUIRED');
    expect(served(await ask(stage.port, { headers: [`Authorization: Bearer ${token}`] }))).toBe('gray');
  });
});

it('a place is a fact, by the address of the client that a trusted proxy names', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'graylane-edge-'));
  atEnd(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'city.mmdb'), writeMmdb({ '1.2.3.0/24': { country: { iso_code: 'SG' } } }));
  const edge = await openEdge(
    { geo: { file: 'city.mmdb', language: 'en', headers: { country: 'x-country' } } },
    directory,
    () => {},
  );
  atEnd(() => edge.close());
  const rules = [{ name: 'sg', when: { fact: 'geo.country', equals: 'SG' }, lane: 'gray' }];
  const trust = { proxies: [parseNetwork('127.0.0.0/8') as NonNullable<ReturnType<typeof parseNetwork>>] };
  const trusting = await start({ edge: edge.duties, rules, trust });
  expect(served(await ask(trusting.port, { headers: ['X-Forwarded-For: 1.2.3.4'] }))).toBe('gray');
  expect(served(await ask(trusting.port, { headers: ['X-Forwarded-For: 5.6.7.8', 'X-Country: SG'] }))).toBe('gray');
  const strict = await start({ edge: edge.duties, rules });
  const forged = await ask(strict.port, { headers: ['X-Forwarded-For: 1.2.3.4', 'X-Country: SG'] });
  expect(served(forged)).toBe('stable');
  expect(valuesOf(strict.stable.received[0]?.lines ?? [], 'x-country')).toEqual([]);
});

it('a copy goes to the lane, marked and in its baggage, with the body; the client has the original answer', async () => {
  const mirror = {
    rules: [{ to: 'gray' as Lane, services: undefined, from: ['stable' as Lane], buckets: 100_000, unsafe: true }],
    limits: { bodyBytes: 1_000, concurrent: 10, answerMs: 5_000 },
  };
  const { port, gray, stable } = await start({ edge: { mirror } });
  const answer = await ask(port, { method: 'POST', target: '/a?b', body: 'hello', headers: ['x-a: 1'] });
  expect(served(answer)).toBe('stable');
  await eventually(() => gray.received.length === 1);
  const [copy] = gray.received;
  expect([copy?.method, copy?.target, copy?.body]).toEqual(['POST', '/a?b', 'hello']);
  const of = (name: string): string[] => valuesOf(copy?.lines ?? [], name);
  expect([of('x-graylane-mirror'), of('baggage'), of('x-graylane'), of('x-a')]).toEqual([
    ['1'],
    ['graylane=gray'],
    ['gray'],
    ['1'],
  ]);
  expect(stable.received).toHaveLength(1);
  expect(valuesOf(stable.received[0]?.lines ?? [], 'x-graylane-mirror')).toEqual([]);
});

it('who is not trusted cannot pass a request off as a copy', async () => {
  const { port, stable } = await start({ edge: {} });
  await ask(port, { headers: ['X-Graylane-Mirror: 1'] });
  expect(valuesOf(stable.received[0]?.lines ?? [], 'x-graylane-mirror')).toEqual([]);
  const lanes = [parseNetwork('127.0.0.0/8') as NonNullable<ReturnType<typeof parseNetwork>>];
  const trusting = await start({ edge: {}, trust: { lanes } });
  await ask(trusting.port, { headers: ['X-Graylane-Mirror: 1'] });
  expect(valuesOf(trusting.stable.received[0]?.lines ?? [], 'x-graylane-mirror')).toEqual(['1']);
});
