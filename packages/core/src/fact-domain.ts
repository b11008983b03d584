import { type ByteText, foldCase, trimSpace } from './bytes.ts';

/**
 * The values of facts that have only few: the names in the tables of `agent.ts`.
 * A name that is added there belongs here too; a test compares them.
 */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  'agent.device': ['ios', 'android', 'harmonyos', 'desktop', 'bot'],
  'agent.os': ['ios', 'android', 'windows', 'macos', 'linux', 'chromeos', 'harmonyos'],
  'agent.browser': ['wechat', 'edge', 'opera', 'samsung', 'firefox', 'chrome', 'safari'],
};

const VERSION = /^\d+(?:\.\d+)*$/;

/** All values of a fact, if it has only few. */
export function valuesOf(fact: string): readonly ByteText[] | undefined {
  return CLOSED[fact];
}

/** Whether every request has a fact. */
export function isAlwaysThere(fact: string): boolean {
  return fact === 'method' || fact === 'path' || fact === 'time';
}

/** Whether some request can have this value as its fact. */
export function canBe(fact: string, value: ByteText): boolean {
  const known = valuesOf(fact);
  if (known) return known.includes(value);
  if (fact === 'host') return value !== '' && foldCase(value) === value;
  if (fact === 'ip' || fact.startsWith('attribute.')) return value !== '';
  if (fact.startsWith('cookie.')) return trimSpace(value) === value && !value.includes(';');
  if (fact === 'agent.osVersion' || fact === 'agent.browserVersion') return VERSION.test(value);
  if (fact === 'time') return isInstant(value);
  return true;
}

/** Whether some request can have a fact that begins with, ends with or has this text. */
export function canContain(
  fact: string,
  where: 'prefix' | 'suffix' | 'contains',
  text: ByteText,
  ignoreCase: boolean,
): boolean {
  if (fact === 'host') return ignoreCase || foldCase(text) === text;
  if (fact.startsWith('cookie.')) {
    const atEnd = where === 'prefix' ? text.slice(0, 1) : where === 'suffix' ? text.slice(-1) : '';
    return !text.includes(';') && trimSpace(atEnd) === atEnd;
  }
  if (fact === 'agent.osVersion' || fact === 'agent.browserVersion') return /^[\d.]*$/.test(text);
  return true;
}

/** Whether a text is a time as the fact `time` is written. */
function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
