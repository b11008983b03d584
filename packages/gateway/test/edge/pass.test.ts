import { createHmac } from 'node:crypto';
import type { Lane } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Pass, signPass, verifyPass } from '../../src/edge/pass.ts';
import { keyOf, keysOf } from './keys.ts';

const NOW = 1_800_000_000_000;
const GRAY = 'gray' as Lane;
const PASS: Pass = { lane: GRAY, expires: NOW / 1_000 + 3_600, note: 'für Ana', debug: true };
const KEY = keyOf('a');
const RULES = { keys: keysOf('a', 'b'), maxLifetimeSeconds: 86_400 };

/** A text with this payload and a signature that holds. */
function signed(payload: string, kind = 'glp1'): string {
  const text = `${kind}.${KEY.id}.${Buffer.from(payload).toString('base64url')}`;
  return `${text}.${createHmac('sha256', KEY.secret).update(text).digest('base64url')}`;
}

describe('a pass', () => {
  it('is read as it was signed', () => {
    expect(verifyPass(signPass(PASS, KEY), RULES, NOW)).toEqual({ ...PASS, key: KEY.id });
    const least = { lane: GRAY, expires: PASS.expires };
    expect(verifyPass(signPass(least, KEY), RULES, NOW)).toEqual({ ...least, key: KEY.id });
  });

  it('has one form, in characters that any header, cookie and query takes', () => {
    const text = signPass(PASS, KEY);
    expect(text).toMatch(/^glp1\.[\w-]{8}\.[\w-]+\.[\w-]{43}$/);
    expect(text).toBe(signed('{"lane":"gray","expires":1800003600,"note":"für Ana","debug":true}'));
  });

  it('is verified with any of the keys, so that a new one can come beside the old', () => {
    expect(verifyPass(signPass(PASS, keyOf('b')), RULES, NOW)).toMatchObject({ lane: 'gray', key: keyOf('b').id });
    expect(verifyPass(signPass(PASS, keyOf('c')), RULES, NOW)).toBe('unknown-key');
  });

  it('is over in the second in which it expires', () => {
    const text = signPass(PASS, KEY);
    expect(verifyPass(text, RULES, PASS.expires * 1_000 - 1)).toMatchObject({ lane: 'gray' });
    expect(verifyPass(text, RULES, PASS.expires * 1_000)).toBe('expired');
  });

  it('is not believed when it would be good for longer than passes may', () => {
    const text = signPass({ ...PASS, expires: NOW / 1_000 + 86_401 }, KEY);
    expect(verifyPass(text, RULES, NOW)).toBe('lives-too-long');
    expect(verifyPass(text, RULES, NOW + 1_000)).toMatchObject({ lane: 'gray' });
  });

  it('is none with another character anywhere', () => {
    const text = signPass(PASS, KEY);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_.=+/ %'), (at, character) => {
        fc.pre(text[at] !== character);
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        expect(['malformed', 'unknown-key', 'bad-signature']).toContain(verifyPass(changed, RULES, NOW));
      }),
    );
  });

  it('is none with another spelling of its signature', () => {
    const text = signPass(PASS, KEY);
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const bits = last.indexOf(text.at(-1) as string) ^ 1; // of the last character only four bits count
    expect(verifyPass(`${text.slice(0, -1)}${last[bits]}`, RULES, NOW)).toBe('bad-signature');
  });

  it.each([
    ['nothing', ''],
    ['a word', 'gray'],
    ['three parts', 'glp1.aaaaaaaa.bbbb'],
    ['five parts', `${signPass(PASS, KEY)}.x`],
    ['spaces around it', ` ${signPass(PASS, KEY)}`],
    ['a pin', signed('{"lane":"gray","expires":1800003600}', 'gls1')],
    ['another version', signed('{"lane":"gray","expires":1800003600}', 'glp2')],
    ['more than 1,024 characters', signed(JSON.stringify({ ...PASS, note: 'x'.repeat(900) }))],
    ['no JSON', signed('lane=gray')],
    ['no object', signed('"gray"')],
    ['a list', signed('[]')],
    ['no lane', signed('{"expires":1800003600}')],
    ['a lane that is none', signed('{"lane":"Gray!","expires":1800003600}')],
    ['no expiry', signed('{"lane":"gray"}')],
    ['an expiry that is a text', signed('{"lane":"gray","expires":"1800003600"}')],
    ['half a second', signed('{"lane":"gray","expires":1800003600.5}')],
    ['a field that nobody knows', signed('{"lane":"gray","expires":1800003600,"admin":true}')],
    ['a debug that is no boolean', signed('{"lane":"gray","expires":1800003600,"debug":1}')],
  ])('is none: %s', (_, text) => {
    expect(verifyPass(text, RULES, NOW)).toBe('malformed');
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof verifyPass(text, RULES, NOW) === 'string'));
  });

  it.each([{ lane: 'Gray!' as Lane }, { expires: 0.5 }, { note: 'x'.repeat(101) }, { note: '' }])(
    'is not signed with %j, which could not be read again',
    (wrong) => {
      expect(() => signPass({ ...PASS, ...wrong }, KEY)).toThrow(
        expect.objectContaining({ code: 'GL_CONFIG_INVALID' }),
      );
    },
  );

  it('fits into its form with the longest note there may be', () => {
    const note = '\u{1F600}'.repeat(50);
    expect(verifyPass(signPass({ ...PASS, note }, KEY), RULES, NOW)).toMatchObject({ note });
  });
});
