import type { Literal } from './formula.ts';
import { type IPBytes, type Network, parseNetwork } from './ip.ts';
import { parseTime } from './operators.ts';
import { compareVersions, parseVersion, type Version } from './semver.ts';

/** One value of each kind that some tests tell apart. */
export interface BoundaryValues {
  readonly values: readonly string[];
  /** Whether these are all: if any value fulfils the tests, complements among them, then one of these does. */
  readonly complete: boolean;
}

/** Up to here whole numbers and their halves are exact. */
const MAX_EXACT = 1e15;

/** How many whole numbers are tried for remainders. */
const MAX_TRIED = 20_000;

/**
 * Numbers for `gt gte lt lte range mod`: each bound and one number in each gap. Where a remainder is asked for, whole
 * numbers from each bound on, as many as there are before all remainders come round again.
 */
export function numberValues(literals: readonly Literal[]): BoundaryValues {
  const bounds = sorted(literals.flatMap(boundsOf));
  const exact = bounds.every((bound) => Math.abs(bound) <= MAX_EXACT);
  const mods = literals.filter(({ operator }) => operator === 'mod');
  if (!mods.some(({ wanted }) => wanted)) {
    const numbers = bounds.length === 0 ? [0] : [...bounds, ...between(bounds)];
    const values = numbers.map(decimalText);
    const fractions =
      mods.length === 0 ? [] : bounds.filter(Number.isInteger).map((bound) => `${decimalText(bound)}.0`);
    const complete = exact && values.every((text, index) => Number(text) === numbers[index]);
    return { values: [...values, ...fractions], complete };
  }
  const starts = sorted([0, ...bounds.flatMap((bound) => [Math.ceil(bound), Math.floor(bound) + 1])]).filter(
    (start) => start >= 0 && start <= MAX_EXACT,
  );
  const period = mods.reduce(
    (all, { operand }) => (all > MAX_TRIED ? all : leastCommonMultiple(all, (operand as Remainders).by)),
    1,
  );
  if (period * starts.length <= MAX_TRIED)
    return { values: starts.flatMap((start) => numbersFrom(start, period)), complete: exact };
  return { values: starts.flatMap((start) => mods.flatMap((mod) => withRemainders(start, mod))), complete: false };
}

/** Addresses for `cidr`: the ends of each network and their neighbours. Networks lie in each other or apart, so these are all. */
export function addressValues(literals: readonly Literal[]): BoundaryValues {
  const networks = literals.flatMap(({ operand }) => [operand].flat().map((text) => parseNetwork(text as string)));
  const hasV6 = networks.some((network) => network?.bytes.length === 16);
  const all = hasV6 ? [...networks, MAPPED] : networks;
  return { values: [...new Set(all.flatMap((network) => (network ? endsOf(network) : [])))], complete: true };
}

/** Times for `before after`, in milliseconds, as tests see them: each bound and its neighbours. */
export function timeValues(literals: readonly Literal[]): BoundaryValues {
  const bounds = literals.map(({ operand }) => parseTime(operand as string));
  const times = sorted(bounds.flatMap((bound) => [bound, bound - 1, bound + 1]));
  const values = times.map((time) => new Date(time).toISOString());
  return { values, complete: values.every((text) => /^(?!0000|9999)\d{4}-/.test(text)) };
}

/** Versions for `semver`: the lowest of all, each that a range may begin or end at, and the one just above it. */
export function versionValues(literals: readonly Literal[]): BoundaryValues {
  const written = literals.flatMap(({ operand }) => versionsIn(operand as string));
  const bounds = [LOWEST, ...written.flatMap((version) => [version, ...ceilingsOf(version)])];
  const depth = Math.max(...bounds.map(({ numbers }) => numbers.length));
  const all = [...written, ...bounds.flatMap((version) => [version, justAbove(version, depth)])];
  const values = [...new Set(all.map(versionText))].filter((text) => parseVersion(text) !== undefined);
  return { values, complete: true };
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function boundsOf({ operator, operand }: Literal): readonly number[] {
  if (operator === 'mod') return [];
  return operator === 'range' ? (operand as readonly number[]) : [operand as number];
}

/** One number in each gap between bounds, below the first and above the last; whole numbers where there are some. */
function between(bounds: readonly number[]): number[] {
  const inner = bounds.slice(1).map((above, index) => {
    const below = bounds[index] as number;
    const whole = Math.floor(below) + 1;
    return whole < above ? whole : below / 2 + above / 2;
  });
  const [first, last] = [bounds[0] as number, bounds.at(-1) as number];
  return [...inner, last + Math.max(1, last), first - Math.max(1, -first)];
}

/** A number as decimal digits, without an exponent. */
function decimalText(number: number): string {
  if (Number.isInteger(number)) return BigInt(number).toString();
  const text = String(number);
  return text.includes('e') ? number.toFixed(20) : text;
}

interface Remainders {
  readonly by: number;
  readonly in: readonly number[];
}

function numbersFrom(start: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(start + index));
}

function withRemainders(start: number, { operand }: Literal): string[] {
  const { by, in: remainders } = operand as Remainders;
  return remainders.slice(0, 100).map((remainder) => String(start + ((((remainder - start) % by) + by) % by)));
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** The addresses of IPv6 that are addresses of IPv4, and so in no network of IPv6. */
const MAPPED: Network = { bytes: [...new Array<number>(10).fill(0), 0xff, 0xff, 0, 0, 0, 0], bits: 96 };

function endsOf({ bytes, bits }: Network): string[] {
  const last = bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, bits - index * 8))));
  const inside = bits < bytes.length * 8 ? [moved(bytes, 1), bytes, last] : [bytes];
  return [...inside, moved(bytes, -1), moved(last, 1)].flatMap((each) => (each ? [addressText(each)] : []));
}

/** The next or the previous address; undefined behind the last one. */
function moved(address: IPBytes, step: 1 | -1): IPBytes | undefined {
  const bytes = [...address];
  for (let index = bytes.length - 1; index >= 0; index--) {
    const byte = (bytes[index] as number) + step;
    bytes[index] = byte & 0xff;
    if (byte >= 0 && byte <= 0xff) return bytes;
  }
  return undefined;
}

function addressText(bytes: IPBytes): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16),
  );
  // At most one run of zeros may be left out; the first that is long enough will do.
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
}

const LOWEST: Version = { numbers: [0, 0, 0], pre: ['0'] };

function versionsIn(range: string): Version[] {
  const comparators = range.split('||').flatMap((part) => part.trim().split(/\s+/));
  return comparators.flatMap((text) => parseVersion(text.replace(/^(?:>=|<=|>|<|=|\^|~)/, '')) ?? []);
}

/** Where a range from this version on may end: more than there are, which does no harm. */
function ceilingsOf({ numbers: [major, minor, patch] }: Version): Version[] {
  const ends: Version['numbers'][] = [
    [major + 1, 0, 0],
    [major, minor + 1, 0],
    [major, minor, patch + 1],
  ];
  return ends.map((numbers) => ({ numbers, pre: ['0'] }));
}

/** A version with none between it and `version` among those that have at most `depth` numbers. */
function justAbove({ numbers, pre }: Version, depth: number): Version {
  if (pre.length > 0) return { numbers, pre: [...pre, '0'] };
  const [major, minor, patch, ...more] = numbers;
  return { numbers: [major, minor, patch, ...more, ...new Array<number>(depth - numbers.length).fill(0), 1], pre };
}

function versionText({ numbers, pre }: Version): string {
  const [major, minor, patch, ...more] = numbers;
  const release = compareVersions({ numbers, pre: [] }, { numbers: [major, minor, patch], pre: [] }) === 0;
  const text = release ? `${major}.${minor}.${patch}` : [major, minor, patch, ...more].join('.');
  return pre.length === 0 ? text : `${text}-${pre.join('.')}`;
}
