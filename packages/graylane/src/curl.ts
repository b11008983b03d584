import { GraylaneError } from '@graylane/core';

/** The parts of a request that a curl command names, as `spec/requests.md` has them. */
export interface NamedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HeaderLine[];
}

/** A header line: name and value. */
export type HeaderLine = readonly [name: string, value: string];

/** A URL as people write it on a command line, `shop/cart`, with its scheme. What stands in it is left as it is. */
export function fullURL(text: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

/** A header line of the command line, `name: value`, as name and value. */
export function splitHeader(line: string): HeaderLine {
  const colon = line.indexOf(':');
  if (colon < 1) throw new GraylaneError('GL_CONFIG_INVALID', `"${line}" is no header: write "name: value"`);
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/** Options of curl that a request's facts do not depend on, and that take a value. */
const IGNORED_WITH_VALUE = new Set([
  '-o',
  '--output',
  '-m',
  '--max-time',
  '--connect-timeout',
  '-w',
  '--write-out',
  '--cacert',
  '-E',
  '--cert',
  '--key',
  '--resolve',
  '-u',
  '--user',
  '-x',
  '--proxy',
  '--retry',
]);
const WITH_BODY = new Set([
  '-d',
  '--data',
  '--data-raw',
  '--data-binary',
  '--data-urlencode',
  '--json',
  '-F',
  '--form',
]);
/** A short option with its value in one word, as `-XPOST`. */
const ATTACHED = /^(-[HbAXdFomwEux])(.+)$/s;

/**
 * The request that a curl command would send, so that one can be pasted from a terminal or a browser's network panel.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when there is no URL
 */
export function requestOfCurl(words: readonly string[]): NamedRequest {
  const args = words[0] === 'curl' ? words.slice(1) : [...words];
  const headers: HeaderLine[] = [];
  let method: string | undefined;
  let url: string | undefined;
  let hasBody = false;
  while (args.length > 0) {
    const [, option, value] = ATTACHED.exec(args[0] as string) ?? [];
    if (option !== undefined) args.splice(0, 1, option, value as string);
    const word = args.shift() as string;
    if (word === '-H' || word === '--header') headers.push(splitHeader(args.shift() ?? ''));
    else if (word === '-b' || word === '--cookie') headers.push(['cookie', args.shift() ?? '']);
    else if (word === '-A' || word === '--user-agent') headers.push(['user-agent', args.shift() ?? '']);
    else if (word === '-X' || word === '--request') method = args.shift();
    else if (word === '-I' || word === '--head') method = 'HEAD';
    else if (word === '--url') url = args.shift();
    else if (WITH_BODY.has(word)) hasBody = args.shift() !== undefined;
    else if (IGNORED_WITH_VALUE.has(word)) args.shift();
    else if (!word.startsWith('-')) url = word;
  }
  if (url === undefined) throw new GraylaneError('GL_CONFIG_INVALID', 'The curl command has no URL.');
  return { method: method ?? (hasBody ? 'POST' : 'GET'), headers, url: fullURL(url) };
}
