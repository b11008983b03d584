/** A version taken apart. Missing parts are zero, so that `8.1` is a version too, and more than three count, as in `126.0.6478.127`. */
export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number, ...more: number[]];
  /** Pre-release parts; empty for a release. */
  readonly pre: readonly string[];
}

/** Whether a version fulfils a range. */
export type VersionRange = (version: Version) => boolean;

const VERSION =
  /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?((?:\.\d{1,9})*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const COMPARATOR = /^(>=|<=|>|<|=|\^|~)?(.+)$/;

/** A version, or undefined. Order and grammar of https://semver.org 2.0.0, with one to many numeric parts. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (!match) return undefined;
  const [, major, minor = '0', patch = '0', more = '', pre = ''] = match;
  return {
    numbers: [Number(major), Number(minor), Number(patch), ...more.split('.').slice(1).map(Number)],
    pre: pre === '' ? [] : pre.split('.').map(withoutLeadingZeros),
  };
}

/** Negative, zero or positive as `a` is before, beside or after `b`. */
export function compareVersions(a: Version, b: Version): number {
  for (let index = 0; index < Math.max(a.numbers.length, b.numbers.length); index++) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let index = 0; index < Math.max(a.pre.length, b.pre.length); index++) {
    const order = comparePre(a.pre[index], b.pre[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * A range such as `>=2.3 <3 || ^4.1.0`, or undefined: comparators `= > >= < <= ^ ~`, a space for "and", `||` for "or".
 * A pre-release counts by its order alone: `3.0.0-rc.1` is in `<3.0.0`.
 */
export function parseRange(text: string): VersionRange | undefined {
  const alternatives = text.split('||').map((part) => {
    const comparators = part.trim().split(/\s+/).map(parseComparator);
    return comparators.every((comparator) => comparator !== undefined) ? comparators : undefined;
  });
  if (!alternatives.every((comparators) => comparators !== undefined)) return undefined;
  return (version) => alternatives.some((comparators) => comparators.every((holds) => holds(version)));
}

function parseComparator(text: string): VersionRange | undefined {
  const [, operator = '=', written = ''] = COMPARATOR.exec(text) ?? [];
  const bound = parseVersion(written);
  if (!bound) return undefined;
  const parts = numericParts(written);
  const order = (version: Version): number => compareVersions(version, bound);
  switch (operator) {
    case '>':
      return (version) => order(version) > 0;
    case '>=':
      return (version) => order(version) >= 0;
    case '<':
      return (version) => order(version) < 0;
    case '<=':
      return (version) => order(version) <= 0;
    case '^':
    case '~': {
      const ceiling = operator === '^' ? nextBreaking(bound, parts) : nextMinor(bound, parts);
      return (version) => order(version) >= 0 && compareVersions(version, ceiling) < 0;
    }
    default:
      return (version) => order(version) === 0;
  }
}

/** How many numbers are written: 2 in `v8.1-rc`. */
function numericParts(written: string): number {
  return (/^v?[\d.]+/.exec(written)?.[0] ?? '').split('.').length;
}

/** Where `^` ends: the next change of the leftmost number that is not zero, or of the last one that is written. */
function nextBreaking({ numbers: [major, minor, patch] }: Version, parts: number): Version {
  if (major > 0 || parts === 1) return { numbers: [major + 1, 0, 0], pre: ['0'] };
  return minor > 0 || parts === 2
    ? { numbers: [0, minor + 1, 0], pre: ['0'] }
    : { numbers: [0, 0, patch + 1], pre: ['0'] };
}

/** Where `~` ends: the next minor version, or the next major one when no minor is written. */
function nextMinor({ numbers: [major, minor] }: Version, parts: number): Version {
  return { numbers: parts > 1 ? [major, minor + 1, 0] : [major + 1, 0, 0], pre: ['0'] };
}

function withoutLeadingZeros(part: string): string {
  return /^\d+$/.test(part) ? part.replace(/^0+(?=\d)/, '') : part;
}

function comparePre(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const numeric = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return numeric[0] && a.length !== b.length ? a.length - b.length : a < b ? -1 : 1; // any number of digits, exactly
}
