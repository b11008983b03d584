import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDocument, type Value } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import { readGeoConfig } from '../../src/edge/geo-config.ts';
import { openSigningKeys } from '../../src/edge/key-source.ts';
import { readMirrorConfig } from '../../src/edge/mirror-config.ts';
import { MIRROR_LIMITS } from '../../src/edge/mirror-send.ts';
import { readPassConfig, readPinConfig } from '../../src/edge/pass-config.ts';
import { readTokenConfig } from '../../src/edge/token-config.ts';
import { atEnd } from '../stage.ts';
import { keyOf } from './keys.ts';

/** What a reader makes of a YAML text, and the mistakes that it tells, as `path: message`. */
function read<Config>(reader: (value: Value) => Config, text: string): { config: Config; mistakes: string[] } {
  const document = openDocument(`at: ${text}`);
  const config = reader((document.root as Value).at('at'));
  return { config, mistakes: document.issues.map(({ path, message }) => `${path.slice(3)}: ${message}`) };
}

/** The paths of mistakes. */
function placesOf(reader: (value: Value) => unknown, text: string): string[] {
  return read(reader, text).mistakes.map((mistake) => mistake.split(':', 1)[0] as string);
}

describe('the configuration of passes', () => {
  it('names keys, and how long a pass may live', () => {
    expect(read(readPassConfig, '{ keys: [{ file: pass.key }, { env: PASS_KEY }], maxLifetimeSeconds: 3600 }')).toEqual(
      {
        config: { keys: [{ file: 'pass.key' }, { env: 'PASS_KEY' }], maxLifetimeSeconds: 3_600 },
        mistakes: [],
      },
    );
    expect(read(readPassConfig, '{ keys: [{ text: x }] }').config?.maxLifetimeSeconds).toBe(30 * 86_400);
  });

  it('tells all its mistakes at once', () => {
    expect(
      placesOf(
        readPassConfig,
        '{ keys: [{}, { file: a, env: b }, { file: 7 }, pass.key], maxLifetimeSeconds: 1, max: 2 }',
      ),
    ).toEqual(['max', 'keys[0]', 'keys[1]', 'keys[2].file', 'keys[3]', 'maxLifetimeSeconds']);
    expect(placesOf(readPassConfig, '{}')).toEqual(['keys']);
    expect(placesOf(readPassConfig, '{ keys: [] }')).toEqual(['keys']);
  });
});

describe('keys', () => {
  const hex = (letter: string): string => Buffer.alloc(32, letter).toString('hex');
  const directory = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'graylane-keys-'));
    atEnd(() => rmSync(made, { recursive: true }));
    return made;
  };

  it('come from files, the environment and the configuration, in its order', async () => {
    const at = directory();
    writeFileSync(join(at, 'a.key'), `${hex('a')}\n`);
    const keys = await openSigningKeys([{ env: 'B' }, { file: 'a.key' }, { text: hex('c') }], at, { B: hex('b') });
    expect([...keys.keys()]).toEqual(['b', 'a', 'c'].map((letter) => keyOf(letter).id));
  });

  it('tell all that is wrong with them at once, and no secret', async () => {
    const sources = [
      { file: 'gone.key' },
      { env: 'GONE' },
      { text: 'hunter2!' },
      { text: hex('c') },
      { text: hex('c') },
    ];
    await expect(openSigningKeys(sources, directory(), {})).rejects.toMatchObject({
      code: 'GL_CONFIG_INVALID',
      issues: [
        { path: 'gone.key', message: expect.stringMatching(/^cannot be read: ENOENT/) },
        { path: 'GONE', message: 'is not set in the environment' },
        { path: 'text', message: expect.stringMatching(/^is neither hexadecimal nor base64/) },
        { path: 'text', message: expect.stringMatching(/^is a key that is named before/) },
      ],
      message: expect.not.stringMatching(/hunter2/),
    });
  });
});

describe('the configuration of pins', () => {
  it('names the cookie and its age', () => {
    expect(read(readPinConfig, '{ cookie: lane, maxAgeSeconds: 600 }')).toEqual({
      config: { cookie: 'lane', maxAgeSeconds: 600 },
      mistakes: [],
    });
    expect(read(readPinConfig, '{}').config).toEqual({ cookie: 'graylane-pin', maxAgeSeconds: 30 * 86_400 });
    expect(placesOf(readPinConfig, '{ cookie: "a b", maxAgeSeconds: 0 }')).toEqual(['cookie', 'maxAgeSeconds']);
  });
});

describe('the configuration of tokens', () => {
  it('needs keys, and assumes the rest', () => {
    expect(read(readTokenConfig, '{ keys: { url: "https://login.example/jwks" } }')).toEqual({
      config: {
        keys: { url: 'https://login.example/jwks' },
        from: [{ source: 'header', name: 'authorization' }],
        algorithms: expect.arrayContaining(['RS256', 'ES256', 'EdDSA']),
        issuers: [],
        audiences: [],
        clockToleranceSeconds: 30,
        rememberSeconds: 300,
        required: false,
        fetch: { timeoutMs: 2_000, cooldownSeconds: 30, maxAgeSeconds: 600 },
      },
      mistakes: [],
    });
    expect(placesOf(readTokenConfig, '{}')).toEqual(['keys']);
  });

  it('takes everything', () => {
    const { config, mistakes } = read(
      readTokenConfig,
      `{ keys: { file: k.pem }, from: [cookie.session, header.x-token], algorithms: [ES256], issuer: a, audience: [b, c],
         clockToleranceSeconds: 0, rememberSeconds: 0, required: true, fetch: { timeoutMs: 1, cooldownSeconds: 2, maxAgeSeconds: 3 } }`,
    );
    expect(mistakes).toEqual([]);
    expect(config).toEqual({
      keys: { file: 'k.pem' },
      from: [
        { source: 'cookie', name: 'session' },
        { source: 'header', name: 'x-token' },
      ],
      algorithms: ['ES256'],
      issuers: ['a'],
      audiences: ['b', 'c'],
      clockToleranceSeconds: 0,
      rememberSeconds: 0,
      required: true,
      fetch: { timeoutMs: 1, cooldownSeconds: 2, maxAgeSeconds: 3 },
    });
  });

  it('takes algorithms of secrets with a secret only, and none never', () => {
    expect(read(readTokenConfig, '{ keys: { secret: { env: S } } }').config?.algorithms).toEqual(['HS256']);
    expect(placesOf(readTokenConfig, '{ keys: { secret: { env: S } }, algorithms: [HS512, RS256, none] }')).toEqual([
      'algorithms[1]',
      'algorithms[2]',
    ]);
    expect(placesOf(readTokenConfig, '{ keys: { file: f }, algorithms: [HS256, none, RS256] }')).toEqual([
      'algorithms[0]',
      'algorithms[1]',
    ]);
  });

  it('tells all its mistakes at once', () => {
    const text =
      '{ keys: { url: "ftp://x" }, from: [header.X, token.sub, 7], issuer: [], audience: [""], required: yes?, fetch: { timeoutMs: 0 }, key: 1 }';
    expect(placesOf(readTokenConfig, text)).toEqual([
      ...['key', 'keys.url', 'from[0]', 'from[1]', 'from[2]', 'issuer', 'audience[0]', 'required', 'fetch.timeoutMs'],
    ]);
    expect(placesOf(readTokenConfig, '{ keys: { url: "https://u:p@x/" } }')).toEqual(['keys.url']);
    expect(placesOf(readTokenConfig, '{ keys: { url: "https://x/", file: f } }')).toEqual(['keys']);
  });
});

describe('the configuration of places', () => {
  it('names a file, headers or both', () => {
    expect(read(readGeoConfig, '{ file: city.mmdb, headers: { country: CF-IPCountry } }')).toEqual({
      config: { file: 'city.mmdb', language: 'en', headers: { country: 'cf-ipcountry' } },
      mistakes: [],
    });
    expect(read(readGeoConfig, '{ headers: { city: x-city }, language: de }').config).toEqual({
      language: 'de',
      headers: { city: 'x-city' },
    });
    expect(placesOf(readGeoConfig, '{}')).toEqual(['']);
    expect(placesOf(readGeoConfig, '{ file: 7, headers: { town: a, city: "a b" } }')).toEqual([
      ...['file', 'headers.town', 'headers.city'],
    ]);
  });
});

describe('the configuration of mirrors', () => {
  it('names lanes, services and shares', () => {
    expect(read(readMirrorConfig, '{ rules: [{ to: gray, share: 0.5 }] }')).toEqual({
      config: {
        rules: [{ to: 'gray', services: undefined, from: ['stable'], buckets: 500, unsafe: false }],
        limits: MIRROR_LIMITS,
      },
      mistakes: [],
    });
    const all =
      '{ rules: [{ to: stable, from: [gray], services: [cart], share: 100, unsafe: true }], bodyBytes: 0, concurrent: 1, answerMs: 2 }';
    expect(read(readMirrorConfig, all)).toEqual({
      config: {
        rules: [{ to: 'stable', services: ['cart'], from: ['gray'], buckets: 100_000, unsafe: true }],
        limits: { bodyBytes: 0, concurrent: 1, answerMs: 2 },
      },
      mistakes: [],
    });
  });

  it('tells all its mistakes at once', () => {
    const text =
      '{ rules: [{ to: Gray, share: 0.0001, from: [] }, { to: gray, from: [gray], share: 101 }, {}], concurrent: 0 }';
    expect(placesOf(readMirrorConfig, text).toSorted()).toEqual([
      ...['concurrent', 'rules[0].from', 'rules[0].share', 'rules[0].to', 'rules[1].share', 'rules[1].to'],
      ...['rules[2].share', 'rules[2].to'],
    ]);
  });
});
