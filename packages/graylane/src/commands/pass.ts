import { generateKeyText, parseSigningKey } from '@graylane/gateway';
import type { Command } from 'commander';
import { addPassSign } from './pass-sign.ts';
import { addPassVerify } from './pass-verify.ts';

export function addPass(program: Command): void {
  const pass = program
    .command('pass')
    .summary('let testers into a lane by link, cookie or header')
    .description(
      'Makes and checks passes: signed texts that put whoever holds them into a lane, whatever the rules say.',
    )
    .helpCommand(false);
  pass
    .command('key')
    .summary('make a new key')
    .description('Prints a new key to sign passes with. Who has it can make passes: keep it where secrets are kept.')
    .option('--json', 'print { id, key }')
    .addHelpText(
      'after',
      `
Example:
  (umask 077 && graylane pass key > pass.key)

To replace a key, put the new one before the old one in the gateway's configuration, and take the
old one out when the passes that it signed have expired.`,
    )
    .action(key);
  addPassSign(pass);
  addPassVerify(pass);
}

function key({ json }: { readonly json?: boolean }): void {
  const text = generateKeyText();
  const parsed = parseSigningKey(text);
  const id = typeof parsed === 'string' ? undefined : parsed.id;
  console.log(json ? JSON.stringify({ id, key: text }, null, 2) : text);
}
