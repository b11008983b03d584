import { text as textOf } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { PASS_FAULTS, PASS_NAME, type VerifiedPass, verifyPass } from '@graylane/gateway';
import type { Command } from 'commander';
import { type KeyOptions, keyOptions, openKeys } from './pass-options.ts';

interface Options extends KeyOptions {
  readonly json?: boolean;
}

export function addPassVerify(pass: Command): void {
  keyOptions(
    pass
      .command('verify')
      .summary('say what a pass is good for')
      .description('Says what a pass is good for, or why it is not valid. Status 1 when it is not.')
      .argument('<pass>', 'a pass, or a link with one; - for the standard input'),
  )
    .option('--json', 'print { valid, lane, expires, note, debug, key } or { valid, reason, message }')
    .addHelpText(
      'after',
      '\nExample:\n  graylane pass verify --key pass.key "https://shop.example.com/?graylane-pass=…"',
    )
    .action(run);
}

async function run(given: string, { json, ...where }: Options): Promise<void> {
  const keys = await openKeys(where);
  const text = passIn((given === '-' ? await textOf(process.stdin) : given).trim());
  const pass = verifyPass(text, { keys, maxLifetimeSeconds: Infinity }, Date.now());
  if (typeof pass === 'string') {
    const form = { valid: false, reason: pass, message: PASS_FAULTS[pass] };
    console.log(json ? JSON.stringify(form, null, 2) : `${styleText('red', 'not valid')}: ${form.message}`);
    process.exitCode = 1;
    return;
  }
  const expires = new Date(pass.expires * 1_000).toISOString();
  const form = { valid: true, ...pass, expires, debug: pass.debug ?? false };
  console.log(json ? JSON.stringify(form, null, 2) : formatPass(pass, expires));
}

/** The pass in a link, or the text itself. */
function passIn(given: string): string {
  if (!/^https?:/i.test(given) || !URL.canParse(given)) return given;
  return new URL(given).searchParams.get(PASS_NAME) ?? '';
}

function formatPass({ lane, note, debug, key }: VerifiedPass, expires: string): string {
  const rows = [
    ['lane', lane],
    ['expires', expires],
    ['key', key],
    ['note', note ?? ''],
    ['debug', debug ? 'yes' : ''],
  ];
  const lines = rows.flatMap(([name = '', value = '']) => (value === '' ? [] : [`${name.padEnd(7)}  ${value}`]));
  return [styleText('green', 'valid'), ...lines].join('\n');
}
