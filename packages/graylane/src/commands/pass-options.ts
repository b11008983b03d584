import { GraylaneError, type Lane, parseLane } from '@graylane/core';
import { type KeySource, openSigningKeys, type SigningKeys } from '@graylane/gateway';
import { type Command, InvalidArgumentError } from 'commander';

/** Where the keys of passes are, by the options of {@link keyOptions}. */
export interface KeyOptions {
  readonly key?: readonly string[];
  readonly keyEnv?: readonly string[];
}

/** Adds the options that say where keys are. */
export function keyOptions(command: Command): Command {
  return command
    .option('-k, --key <file>', 'a file that holds a key, hexadecimal or base64', gather)
    .option('--key-env <name>', 'a variable of the environment that holds one', gather);
}

/**
 * The keys that the call names.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when it names none, or when one cannot be used
 */
export async function openKeys({ key = [], keyEnv = [] }: KeyOptions): Promise<SigningKeys> {
  const sources: readonly KeySource[] = [...key.map((file) => ({ file })), ...keyEnv.map((env) => ({ env }))];
  if (sources.length > 0) return openSigningKeys(sources, process.cwd());
  throw new GraylaneError(
    'GL_CONFIG_INVALID',
    'No key is given: name its file with --key, or its variable with --key-env',
  );
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Reads a time span of the command line, in seconds: `90m`, `7d`. */
export function seconds(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const span = Number(digits) * (UNIT_SECONDS[unit] ?? 0);
  if (span > 0) return span;
  throw new InvalidArgumentError('Write a number with s, m, h, d or w, as 90m or 7d.');
}

/** Reads a lane of the command line. */
export function lane(text: string): Lane {
  const name = parseLane(text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError(
    'A lane has 1 to 40 characters of a-z, 0-9 and "-", not beginning or ending with "-".',
  );
}

/** Reads the URL of a page. */
export function page(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new InvalidArgumentError('Write a whole URL, as https://shop.example.com/.');
}

function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
