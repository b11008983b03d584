import { isIPv4, isIPv6 } from 'node:net';
import { foldBytes } from './naive-facts.ts';
import { inVersionRange } from './naive-versions.ts';

/** Whether a value fulfils an operator, as `spec/decide.md` says. The operand is one that core has accepted. */
export function naiveTest(operator: string, operand: unknown, ignoreCase: boolean, value: Buffer): boolean {
  const fold = (bytes: Buffer): Buffer => (ignoreCase ? foldBytes(bytes) : bytes);
  const seen = fold(value);
  const wanted = (text: unknown): Buffer => fold(Buffer.from(text as string, 'utf8'));
  switch (operator) {
    case 'equals':
      return seen.equals(wanted(operand));
    case 'in':
      return (operand as unknown[]).some((item) => seen.equals(wanted(item)));
    case 'prefix':
      return seen.indexOf(wanted(operand)) === 0;
    case 'suffix':
      return seen.length >= wanted(operand).length && seen.subarray(-wanted(operand).length).equals(wanted(operand));
    case 'contains':
      return seen.includes(wanted(operand));
    case 'matches':
      return new RegExp(operand as string, ignoreCase ? 'iu' : 'u').test(value.toString('utf8'));
    case 'gt':
      return inOrder(value, (number) => number > (operand as number));
    case 'gte':
      return inOrder(value, (number) => number >= (operand as number));
    case 'lt':
      return inOrder(value, (number) => number < (operand as number));
    case 'lte':
      return inOrder(value, (number) => number <= (operand as number));
    case 'range': {
      const [low, high] = operand as [number, number];
      return inOrder(value, (number) => low <= number && number <= high);
    }
    case 'cidr':
      return [operand].flat().some((network) => inCIDR(value.toString('latin1'), network as string));
    case 'semver':
      return inVersionRange(value.toString('latin1'), operand as string);
    case 'mod': {
      const { by, in: remainders } = operand as { by: number; in: number[] };
      const digits = value.toString('latin1');
      return isDigits(digits) && remainders.includes(Number(BigInt(digits) % BigInt(by)));
    }
    case 'before':
      return inTime(value, operand as string, (at, bound) => at < bound);
    case 'after':
      return inTime(value, operand as string, (at, bound) => at >= bound);
    default:
      throw new Error(`the specification knows no operator "${operator}"`);
  }
}

function isDigits(text: string): boolean {
  return text.length <= 300 && /^[0-9]+$/.test(text);
}

function inOrder(value: Buffer, holds: (number: number) => boolean): boolean {
  const text = value.toString('latin1');
  const [whole = '', fraction = '0', ...more] = text.replace(/^[+-]/, '').split('.');
  const decimal = more.length === 0 && [whole, fraction].every(isDigits);
  return decimal && holds(Number(text));
}

/** An address as a number; IPv4 addresses are those below ::ffff:0:0/96, where they are mapped to. */
function addressNumber(text: string): bigint | undefined {
  if (isIPv4(text)) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0xffffn);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const last = text.slice(text.lastIndexOf(':') + 1);
  const quad = isIPv4(last) ? (addressNumber(last) as bigint) - 0xffff00000000n : undefined;
  const groups =
    quad === undefined
      ? text
      : `${text.slice(0, -last.length)}${(quad >> 16n).toString(16)}:${(quad & 0xffffn).toString(16)}`;
  const [head = [], tail = []] = groups.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** An IPv4 network of n bits is the IPv6 network of 96 + n bits that it is mapped to. */
function inCIDR(value: string, cidr: string): boolean {
  const [base = '', prefix] = cidr.split('/');
  const address = addressNumber(value);
  const network = addressNumber(base);
  if (address === undefined || network === undefined) return false;
  const bits = prefix === undefined ? 128 : Number(prefix) + (isIPv4(base) ? 96 : 0);
  const isV4 = (number: bigint): boolean => number >> 32n === 0xffffn;
  if (isV4(address) !== isV4(network)) return false;
  return address >> BigInt(128 - bits) === network >> BigInt(128 - bits);
}

function inTime(value: Buffer, bound: string, holds: (at: number, bound: number) => boolean): boolean {
  const at = instant(value.toString('latin1'));
  return at !== undefined && holds(at, instant(bound) as number);
}

/** Milliseconds since the epoch of an RFC 3339 time, or of a date's midnight in UTC. */
function instant(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d)))?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((digits) => Number(digits ?? 0));
  const [fraction = '', sign = '+', offsetHour = '0', offsetMinute = '0'] = match.slice(7);
  const midnight = new Date(0);
  midnight.setUTCFullYear(year as number, (month as number) - 1, day);
  if (midnight.getUTCMonth() + 1 !== month || midnight.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1);
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  return midnight.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds;
}
