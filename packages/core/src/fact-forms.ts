import { toBytes } from './bytes.ts';
import type { TestNode } from './condition.ts';
import { parseIP, parseNetwork } from './ip.ts';

/** How what was written looks in requests. */
export interface UsualForm {
  /** What the fact would be. */
  readonly value: string;
  readonly message: string;
}

/**
 * The form that requests have a text in, when it is written in another one, so that it meets nothing: a path without its
 * slash, a method in small letters, a host with its port, a network as an address, a header's value with blanks at its ends.
 */
export function usualForm({ fact, operator, ignoreCase }: TestNode, text: string): UsualForm | undefined {
  const isWhole = operator === 'equals' || operator === 'in';
  const isStart = isWhole || operator === 'prefix';
  if (fact === 'path') return pathForm(text, isStart);
  if (fact === 'method' && isStart && !ignoreCase && /[a-z]/.test(text))
    return { value: text.toUpperCase(), message: `methods are in capitals: write ${text.toUpperCase()}` };
  if (fact === 'host' && isWhole && /[^:]:\d+$/.test(text) && !/^\[?[\da-f:]+$/i.test(text)) {
    const value = text.replace(/:\d+$/, '').toLowerCase();
    return { value, message: `a host is compared without its port: write ${value}` };
  }
  if (fact === 'ip' && isWhole && !parseIP(text)) return addressForm(text);
  if (fact.startsWith('header.') && isWhole && text !== '' && text.trim() !== text)
    return { value: toBytes(text.trim()), message: 'headers have no blanks at their ends' };
  return undefined;
}

function pathForm(text: string, isStart: boolean): UsualForm | undefined {
  const [path = ''] = text.split('?');
  const value = toBytes(path.startsWith('/') ? path : `/${path}`);
  if (text.includes('?')) return { value, message: 'a path ends before the "?": look at query.NAME as well' };
  if (isStart && text !== '' && !/^[/*]/.test(text)) return { value, message: `paths begin with "/": write /${text}` };
  return undefined;
}

function addressForm(text: string): UsualForm | undefined {
  const network = parseNetwork(text);
  if (network?.bytes.length !== 4) return undefined;
  return { value: network.bytes.join('.'), message: `is a network: write cidr: ${text}` };
}
