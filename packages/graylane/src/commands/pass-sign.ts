import { GraylaneError, type Lane } from '@graylane/core';
import { PASS_NAME, type SigningKey, signPass } from '@graylane/gateway';
import type { Command } from 'commander';
import { type KeyOptions, keyOptions, lane, openKeys, page, seconds } from './pass-options.ts';

interface Options extends KeyOptions {
  readonly lane: Lane;
  readonly expires: number;
  readonly note?: string;
  readonly debug?: boolean;
  readonly link?: URL;
  readonly json?: boolean;
}

/** Longer than this no gateway believes a pass, unless its configuration says so. */
const USUAL_SECONDS = 30 * 86_400;

export function addPassSign(pass: Command): void {
  keyOptions(
    pass
      .command('sign')
      .summary('make a pass, or a link with one')
      .description('Prints a pass, or with --link a link that gives it to whoever follows it.'),
  )
    .requiredOption('-l, --lane <lane>', 'the lane it leads into', lane)
    .requiredOption('-e, --expires <span>', 'how long it is valid, as 90m, 12h or 7d', seconds)
    .option('--note <text>', 'who it is for, or what; only for people')
    .option('--debug', 'let answers say where they came from')
    .option('--link <url>', 'print a link to this page', page)
    .option('--json', 'print { pass, link, key, lane, expires, note, debug }')
    .addHelpText(
      'after',
      `
Examples:
  graylane pass sign --key pass.key --lane gray --expires 7d --link https://shop.example.com/
  curl -H "x-graylane-pass: $(graylane pass sign -k pass.key -l gray -e 1h)" https://shop.example.com/`,
    )
    .action(run);
}

async function run({ lane: name, expires: span, note, debug, link: to, json, ...where }: Options): Promise<void> {
  const key = only([...(await openKeys(where)).values()]);
  const expires = Math.floor(Date.now() / 1_000) + span;
  const text = signPass({ lane: name, expires, ...(note !== undefined && { note }), ...(debug && { debug }) }, key);
  const link = to && linkTo(to, text);
  if (span > USUAL_SECONDS)
    console.error('Valid for more than 30 days: gateways refuse it unless their passes.maxLifetimeSeconds allows it.');
  const until = new Date(expires * 1_000).toISOString();
  const form = { pass: text, link, key: key.id, lane: name, expires: until, note, debug: debug ?? false };
  console.log(json ? JSON.stringify(form, null, 2) : (link ?? text));
}

function only(keys: readonly SigningKey[]): SigningKey {
  const [key] = keys;
  if (key && keys.length === 1) return key;
  throw new GraylaneError('GL_CONFIG_INVALID', 'A pass is signed with one key: name only that one');
}

/** The page's URL with the pass as the last parameter; the other ones stay as they are. */
function linkTo(to: URL, text: string): string {
  const link = new URL(to);
  link.search = [to.search.slice(1), `${PASS_NAME}=${text}`].filter((part) => part !== '').join('&');
  return link.href;
}
