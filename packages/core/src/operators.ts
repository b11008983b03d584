import { RE2JS } from 're2js';
import { type ByteText, foldCase, fromBytes, toBytes } from './bytes.ts';
import { inNetwork, type Network, parseIP, parseNetwork } from './ip.ts';
import { parseRange, parseVersion } from './semver.ts';
import type { Value } from './shape.ts';
import { createTextSet } from './text-set.ts';

/** Whether a fact's value fulfils a condition. */
export type Test = (value: ByteText) => boolean;

/** The name of an operator other than `exists`. */
export type OperatorName =
  | 'equals'
  | 'in'
  | 'prefix'
  | 'suffix'
  | 'contains'
  | 'matches'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'range'
  | 'cidr'
  | 'semver'
  | 'mod'
  | 'before'
  | 'after';

/**
 * An operator: reads its operand, reports what is wrong with it, and returns the test. One function does both, so that
 * what is accepted and what is executed cannot differ.
 */
type Operator = (operand: Value, ignoreCase: boolean) => Test | undefined;

/** Every operator, by its name in a condition. Each is false for a missing value; `exists` is apart, for it is not. */
export const OPERATORS: Readonly<Record<OperatorName, Operator>> = {
  /** The value is this text, which may be empty. */
  equals: (operand, ignoreCase) =>
    folding(ignoreCase, operand.text({ empty: true }), (wanted) => (value) => value === wanted),
  /** The value is one of these texts. */
  in: (operand, ignoreCase) => {
    const words = operand.list(1)?.map((item) => item.text({ empty: true }));
    if (!words?.every((each) => each !== undefined)) return undefined;
    const set = createTextSet(words.map((each) => (ignoreCase ? foldCase(toBytes(each)) : toBytes(each))));
    return ignoreCase ? (value) => set.has(foldCase(value)) : (value) => set.has(value);
  },
  /** The value begins with this text. */
  prefix: (operand, ignoreCase) => folding(ignoreCase, operand.text(), (wanted) => (value) => value.startsWith(wanted)),
  /** The value ends with this text. */
  suffix: (operand, ignoreCase) => folding(ignoreCase, operand.text(), (wanted) => (value) => value.endsWith(wanted)),
  /** The value has this text somewhere. */
  contains: (operand, ignoreCase) => folding(ignoreCase, operand.text(), (wanted) => (value) => value.includes(wanted)),
  /**
   * Some part of the value, read as UTF-8, matches this RE2 expression; linear time. Anchor with ^ and $ for the whole.
   * `ignoreCase` is RE2's `(?i)` here, which folds letters beyond ASCII too.
   */
  matches: (operand, ignoreCase) => {
    const source = operand.text({ max: 1000 });
    return source === undefined ? undefined : expression(operand, source, ignoreCase);
  },
  /** Numeric order; a value that is no decimal number is false. */
  gt: (operand) => numeric(operand, (value, bound) => value > bound),
  gte: (operand) => numeric(operand, (value, bound) => value >= bound),
  lt: (operand) => numeric(operand, (value, bound) => value < bound),
  lte: (operand) => numeric(operand, (value, bound) => value <= bound),
  /** The value is a number between two, both included: `range: [18, 30]`. */
  range: (operand) => {
    const bounds = operand.list();
    if (!bounds) return undefined;
    if (bounds.length !== 2) return operand.fail('must be two numbers, as [18, 30]');
    const [low, high] = bounds.map((bound) => bound.number());
    if (low === undefined || high === undefined) return undefined;
    if (low > high) return operand.fail(`is empty: ${low} is greater than ${high}`);
    return (value) => {
      const number = decimal(value);
      return number >= low && number <= high;
    };
  },
  /** The value is an address in one of these networks: `cidr: [10.0.0.0/8]`. */
  cidr: (operand) => {
    const items = Array.isArray(operand.raw) ? operand.list(1) : [operand];
    const networks = items?.map(network);
    if (!networks?.every((each) => each !== undefined)) return undefined;
    return (value) => {
      const address = parseIP(value);
      return address !== undefined && networks.some((each) => inNetwork(address, each));
    };
  },
  /** The value is a version in this range: `semver: ">=2.3 <3"`. */
  semver: (operand) => {
    const text = operand.text();
    if (text === undefined) return undefined;
    const inRange = parseRange(text);
    if (!inRange) return operand.fail(`"${text}" is no version range: write ">=2.3.0 <3 || ^4.1"`);
    return (value) => {
      const version = parseVersion(value);
      return version !== undefined && inRange(version);
    };
  },
  /** The value is a whole number whose remainder is one of some: `mod: { by: 100, in: [0, 1, 2] }`. */
  mod: (operand) => {
    const fields = operand.fields(['by', 'in']);
    if (!fields) return undefined;
    const by = operand.at('by').number({ min: 1, max: 1_000_000_000, integer: true });
    const remainders = operand
      .at('in')
      .list(1)
      ?.map((item) => item.number({ min: 0, max: (by ?? 1e9) - 1, integer: true }));
    if (by === undefined || !remainders?.every((each) => each !== undefined)) return undefined;
    const set = new Set(remainders);
    return (value) => set.has(remainder(value, by));
  },
  /** The value is a time before this one (RFC 3339). */
  before: (operand) => temporal(operand, (value, bound) => value < bound),
  /** The value is this time or one after it (RFC 3339). */
  after: (operand) => temporal(operand, (value, bound) => value >= bound),
};

/** A test on bytes that, if case is to be ignored, sees both the operand and the value in lower case. */
function folding(ignoreCase: boolean, text: string | undefined, make: (wanted: ByteText) => Test): Test | undefined {
  if (text === undefined) return undefined;
  const wanted = toBytes(text);
  if (!ignoreCase) return make(wanted);
  const test = make(foldCase(wanted));
  return (value) => test(foldCase(value));
}

function expression(operand: Value, source: string, ignoreCase: boolean): Test | undefined {
  try {
    const compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return (value) => compiled.test(fromBytes(value));
  } catch (error) {
    return operand.fail(`is no RE2 expression: ${(error as Error).message} (no back references or look-around)`);
  }
}

function numeric(operand: Value, holds: (value: number, bound: number) => boolean): Test | undefined {
  const bound = operand.number();
  return bound === undefined ? undefined : (value) => holds(decimal(value), bound);
}

/** A decimal number, or NaN, which is in no order with anything. */
function decimal(value: ByteText): number {
  return /^[+-]?\d{1,300}(?:\.\d{1,300})?$/.test(value) ? Number(value) : Number.NaN;
}

/** The remainder of a whole number of any length, exact where a double would not be; NaN for anything else. */
function remainder(value: ByteText, by: number): number {
  if (!/^\d{1,300}$/.test(value)) return Number.NaN;
  let rest = 0;
  for (let at = 0; at < value.length; at += 6) {
    const part = value.slice(at, at + 6);
    rest = (rest * 10 ** part.length + Number(part)) % by;
  }
  return rest;
}

function network(item: Value): Network | undefined {
  const text = item.text();
  if (text === undefined) return undefined;
  return parseNetwork(text) ?? item.fail(`"${text}" is no network: write 10.0.0.0/8, 2001:db8::/32 or one address`);
}

/** Hours end at 23: the hour 24, which ECMAScript reads, is none in RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\d(?:T(?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Milliseconds since the epoch of an RFC 3339 time or date (midnight UTC), or NaN. */
export function parseTime(text: string): number {
  if (!TIME.test(text)) return Number.NaN;
  const date = text.slice(0, 10);
  const midnight = Date.parse(date);
  // Engines read 30 February as 2 March or refuse it; it is no date.
  const exists = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
  return exists ? Date.parse(text) : Number.NaN;
}

function temporal(operand: Value, holds: (value: number, bound: number) => boolean): Test | undefined {
  const text = operand.text();
  if (text === undefined) return undefined;
  const bound = parseTime(text);
  if (Number.isNaN(bound)) return operand.fail(`"${text}" is no time: write 2026-12-24T18:00:00+08:00 or 2026-12-24`);
  return (value) => holds(parseTime(value), bound);
}
