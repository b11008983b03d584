import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { directoryWith, run } from '../run.ts';

const KEY = randomBytes(32).toString('base64');
const OTHER = randomBytes(32).toString('hex');
const PASS = /^glp1\.[\w-]{8}\.[\w-]+\.[\w-]{43}$/;
const env = { PASS_KEY: KEY };
const sign = ['pass', 'sign', '--key-env', 'PASS_KEY', '--lane', 'gray', '--expires'];

describe('graylane pass key', () => {
  it('prints a new key, which the others take', async () => {
    const { status, stdout, stderr } = await run(['pass', 'key']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]{43}\n$/);
    using files = directoryWith({ 'pass.key': stdout });
    const key = ['--key', files.path('pass.key')];
    const pass = await run(['pass', 'sign', ...key, '--lane', 'gray', '--expires', '1h']);
    expect(pass.stdout.trim()).toMatch(PASS);
    expect((await run(['pass', 'verify', ...key, pass.stdout.trim()])).status).toBe(0);
  });

  it('prints its id too for machines', async () => {
    const { stdout } = await run(['pass', 'key', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      id: expect.stringMatching(/^[\w-]{8}$/),
      key: expect.stringMatching(/^[\w-]{43}$/),
    });
  });
});

describe('graylane pass sign', () => {
  it('prints a pass that says what it was made for', async () => {
    const signed = await run([...sign, '7d', '--note', 'für Ana', '--debug'], { env });
    expect({ ...signed, stdout: '' }).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = await run(['pass', 'verify', '--key-env', 'PASS_KEY', '-'], {
      env,
      input: signed.stdout,
    });
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'valid',
      'lane     gray',
      expect.stringMatching(/^expires {2}\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expect.stringMatching(/^key {6}[\w-]{8}$/),
      'note     für Ana',
      'debug    yes',
      '',
    ]);
  });

  it('prints a link, in which the rest of the page’s URL stays as it is', async () => {
    const { stdout } = await run([...sign, '1h', '--link', 'https://shop.example/a%20b?c=%20+&d#e'], { env });
    expect(stdout).toMatch(/^https:\/\/shop\.example\/a%20b\?c=%20\+&d&graylane-pass=glp1\.\S+#e\n$/);
    const { status } = await run(['pass', 'verify', '--key-env', 'PASS_KEY', stdout.trim()], { env });
    expect(status).toBe(0);
  });

  it('prints everything for machines', async () => {
    const before = Date.now();
    const { stdout } = await run([...sign, '90m', '--link', 'http://shop/', '--json'], { env });
    const form = JSON.parse(stdout);
    expect(form).toEqual({
      pass: expect.stringMatching(PASS),
      link: `http://shop/?graylane-pass=${form.pass}`,
      key: expect.stringMatching(/^[\w-]{8}$/),
      lane: 'gray',
      expires: expect.any(String),
      debug: false,
    });
    expect(Date.parse(form.expires) - before).toBeGreaterThan(89 * 60_000);
  });

  it('says when gateways will not believe it', async () => {
    const { status, stderr } = await run([...sign, '5w'], { env });
    expect(status).toBe(0);
    expect(stderr).toMatch(/more than 30 days.*maxLifetimeSeconds/);
  });

  it.each<[string, string[], RegExp]>([
    ['no lane', ['pass', 'sign', '--expires', '1h'], /'-l, --lane <lane>' not specified/],
    ['no expiry', ['pass', 'sign', '--lane', 'gray'], /'-e, --expires <span>' not specified/],
    ['no key', ['pass', 'sign', '--lane', 'gray', '--expires', '1h'], /^GL_CONFIG_INVALID: No key is given.*--key-env/],
    ['two keys', [...sign, '1h', '--key-env', 'OTHER_KEY'], /^GL_CONFIG_INVALID: .*signed with one key/],
    ['a lane that is none', [...sign, '1h', '--lane', 'Gray!'], /'Gray!' is invalid. A lane has/],
    ['a span that is none', [...sign, 'soon'], /'soon' is invalid. Write a number with/],
    ['a span of nothing', [...sign, '0d'], /'0d' is invalid/],
    ['a page that is none', [...sign, '1h', '--link', '/cart'], /'\/cart' is invalid. Write a whole URL/],
    ['a note that is too long', [...sign, '1h', '--note', 'x'.repeat(101)], /note: must have at most 100 characters/],
    ['a variable that is not set', ['pass', 'verify', 'x', '--key-env', 'GONE'], /GONE: is not set in the environment/],
    ['a file that is not there', ['pass', 'verify', 'x', '--key', 'gone.key'], /gone\.key: cannot be read/],
    [
      'a key that is too short',
      ['pass', 'verify', 'x', '--key-env', 'SHORT'],
      /SHORT: has 2 bytes, and 32 are the least/,
    ],
  ])('is a wrong call with %s, and says so', async (_, args, said) => {
    const { status, stdout, stderr } = await run(args, { env: { ...env, OTHER_KEY: OTHER, SHORT: 'abcd' } });
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain(KEY);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('graylane pass verify', () => {
  const verify = ['pass', 'verify', '--key-env', 'OTHER_KEY'];

  it('says why a pass is not valid, with status 1', async () => {
    const { stdout: pass } = await run([...sign, '1h'], { env });
    const found = await run([...verify, pass.trim()], { env: { OTHER_KEY: OTHER } });
    const stdout = 'not valid: it was signed with a key that is not known here\n';
    expect(found).toEqual({ status: 1, stdout, stderr: '' });
    const both = await run([...verify, '--key-env', 'PASS_KEY', pass.trim()], { env: { ...env, OTHER_KEY: OTHER } });
    expect(both.status).toBe(0);
  });

  it.each(['gray', 'https://shop.example/?a=b', '-'])('says that %j is no pass, for machines too', async (text) => {
    const { status, stdout } = await run([...verify, '--json', text], { env: { OTHER_KEY: OTHER } });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      reason: 'malformed',
      message: 'it is not in the form of a pass',
    });
  });

  it('prints a valid one for machines', async () => {
    const { stdout: pass } = await run([...sign, '1h', '--note', 'n'], { env });
    const { stdout } = await run(['pass', 'verify', '--key-env', 'PASS_KEY', '--json', pass.trim()], { env });
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      lane: 'gray',
      expires: expect.stringMatching(/Z$/),
      note: 'n',
      debug: false,
      key: expect.stringMatching(/^[\w-]{8}$/),
    });
  });
});
