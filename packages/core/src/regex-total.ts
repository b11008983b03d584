import { RE2JS } from 're2js';

/** What asks for a place in the text instead of for characters. */
const PLACE = /(?<!(?<!\\)\[)\^|\$|\\[AzbB]/;

/** Values that any expression which is meant to tell values apart refuses at least one of. */
const ANYTHING = ['', 'anything', '0', '-', '/a?b=c', ' ', '北京'];

/**
 * Whether an expression is found in every text, for certain: without the anchor at one of its ends it asks for no place,
 * and it is found in the empty text, so it is found at that end of every text.
 */
export function matchesEverything(source: string, ignoreCase = false): boolean {
  const body = /^(?:\^|\\A)/.test(source)
    ? source.replace(/^(?:\^|\\A)/, '')
    : source.replace(/(?<!\\)(?:\$|\\z)$/, '');
  return !PLACE.test(body) && compile(body, ignoreCase)?.test('') === true;
}

/** Whether an expression refuses nothing that a value is likely to be, as `^.*$`, which only refuses line breaks. */
export function matchesAnything(source: string, ignoreCase = false): boolean {
  const body = source
    .replace(/^(?:\^|\\A)/, '')
    .replace(/(?<!\\)(?:\$|\\z)$/, '')
    .replace(/^\((?:\?:)?(.*)\)$/, '$1');
  const expression = body === '.*' || body === '.*?' ? compile(source, ignoreCase) : undefined;
  if (expression) return ANYTHING.every((value) => expression.test(value));
  return matchesEverything(source, ignoreCase);
}

function compile(source: string, ignoreCase: boolean): { test(text: string): boolean } | undefined {
  try {
    return RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch {
    return undefined; // half of an escape was cut off
  }
}
