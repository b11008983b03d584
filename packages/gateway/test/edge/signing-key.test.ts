import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { generateKeyText, parseSigningKey, type SigningKey } from '../../src/edge/signing-key.ts';

const BYTES = randomBytes(32);

describe('a signing key', () => {
  it.each([
    ['hexadecimal', BYTES.toString('hex')],
    ['hexadecimal in capitals', BYTES.toString('hex').toUpperCase()],
    ['base64', BYTES.toString('base64')],
    ['base64url', BYTES.toString('base64url')],
    ['a file that ends in a line end', `${BYTES.toString('base64')}\n`],
  ])('is read from %s', (_, text) => {
    const key = parseSigningKey(text) as SigningKey;
    expect(key.secret.export()).toEqual(BYTES);
  });

  it('has an id that follows from it, so that every place names it alike', () => {
    const [a, again, b] = [BYTES, BYTES, randomBytes(32)].map(
      (bytes) => parseSigningKey(bytes.toString('hex')) as SigningKey,
    );
    expect(a?.id).toMatch(/^[\w-]{8}$/);
    expect(a?.id).toBe(again?.id);
    expect(a?.id).not.toBe(b?.id);
  });

  it.each([
    ['', 'is neither hexadecimal nor base64'],
    ['correct horse battery staple', 'is neither hexadecimal nor base64'],
    [randomBytes(31).toString('hex'), 'has 31 bytes, and 32 are the least'],
    [randomBytes(16).toString('base64'), 'has 16 bytes, and 32 are the least'],
  ])('is not %j', (text, why) => {
    expect(parseSigningKey(text)).toContain(why);
    if (text !== '') expect(parseSigningKey(text)).not.toContain(text);
  });

  it('is made anew each time, in a form that is read', () => {
    expect(parseSigningKey(generateKeyText())).toMatchObject({ id: expect.any(String) });
    expect(generateKeyText()).not.toBe(generateKeyText());
  });

  it('does not show when it is printed', () => {
    const text = BYTES.toString('hex');
    expect(inspect(parseSigningKey(text), { depth: 9 })).not.toContain(text.slice(0, 8));
  });
});
