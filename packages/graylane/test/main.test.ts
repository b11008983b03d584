import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { run } from './run.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const COMMANDS = [
  [],
  ['dev'],
  ['gateway'],
  ['instances'],
  ['explain'],
  ['policy'],
  ['policy', 'check'],
  ['policy', 'diff'],
  ['policy', 'test'],
  ['pass'],
  ['pass', 'key'],
  ['pass', 'sign'],
  ['pass', 'verify'],
];

describe('help', () => {
  it.each(COMMANDS.map((command) => [['graylane', ...command].join(' '), command]))(
    'of %s says how to call it, what it does and each option, in lines that fit a screen',
    async (name, command) => {
      const { status, stdout, stderr } = await run([...command, '--help']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: ${name} .+\\n\\n[A-Z](?:.|\\n(?!\\n))+\\.\\n\\n`));
      expect(stdout).toMatch(/^ {2}-h, --help +print this$/m);
      expect(stdout.split('\n').filter((line) => line.length > 105)).toEqual([]);
    },
  );

  it('of the whole lists every command and the exit statuses', async () => {
    const { stdout } = await run(['--help']);
    for (const command of ['dev', 'gateway', 'instances', 'explain', 'policy', 'pass'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b.* {2}[a-z]`, 'm'));
    expect(stdout).toContain('Exit status: 0 when all is well, 1 when something failed or was found, 2 when');
  });
});

describe('a call that is wrong ends with status 2 and says how it would be right', () => {
  it.each([
    ['nothing at all', [], /^Usage: graylane/],
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'[\s\S]*--help/],
    ['an unknown option', ['instances', '--colour'], /unknown option '--colour'[\s\S]*--help/],
    ['no policy for dev', ['dev'], /required option '-p, --policy <file>' not specified/],
    ['no configuration for gateway', ['gateway'], /required option '-c, --config <file>' not specified/],
    ['no file for policy check', ['policy', 'check'], /missing required argument 'file'/],
    ['a port that is none', ['dev', '-p', 'x', '--port', '70000'], /'70000' is invalid\. Write 0 to 65535/],
    ['a time that is none', ['gateway', '-c', 'x', '--drain', 'soon'], /'soon' is invalid\. Write whole milliseconds/],
    [
      'a log that is none',
      ['gateway', '-c', 'x', '--log', 'xml'],
      /'xml' is invalid\. Allowed choices are json, text, none/,
    ],
    ['a route that is none', ['dev', '-p', 'x', '-r', 'cart'], /'cart' is invalid\. Write \[HOST\]\[\/PATH\]=SERVICE/],
    [
      'a registry of no known kind',
      ['instances', '-r', 'redis://x'],
      /^GL_CONFIG_INVALID: .*redis.*http:\/\/HOST:PORT/,
    ],
  ])('%s', async (_what, args, said) => {
    const { status, stdout, stderr } = await run(args);
    expect(stderr).toMatch(said);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

it('says which Node it needs when it meets an older one', async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
  const { status, stderr } = await run(['--help'], {
    env: { NODE_OPTIONS: `--import="data:text/javascript,${older}"` },
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'graylane needs Node.js 22.19 or later, and this is 20.20.2.\n',
  });
});

it('prints its version', async () => {
  expect(await run(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});
