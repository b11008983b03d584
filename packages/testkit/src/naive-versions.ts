/** A version's numbers, of which missing ones are zero, and its pre-release parts; none for a release. */
interface Version {
  readonly numbers: readonly number[];
  readonly pre: readonly string[];
}

/** Whether a version is in a range such as `>=2.3 <3 || ^4.1.0`. */
export function inVersionRange(text: string, range: string): boolean {
  const version = readVersion(text);
  if (!version) return false;
  return range.split('||').some((part) => (part.match(/\S+/g) ?? []).every((one) => inComparator(version, one)));
}

function inComparator(version: Version, comparator: string): boolean {
  const [operator = ''] = /^[<>=^~]*/.exec(comparator) ?? [];
  const written = comparator.slice(operator.length);
  const order = compare(version, readVersion(written) as Version);
  if (operator === '>') return order > 0;
  if (operator === '<') return order < 0;
  if (operator === '>=') return order >= 0;
  if (operator === '<=') return order <= 0;
  if (operator === '^' || operator === '~') return order >= 0 && compare(version, ceiling(operator, written)) < 0;
  return order === 0;
}

/** The lowest version that `^` or `~` leaves out: a number of the written ones goes up, what follows it is dropped. */
function ceiling(operator: string, written: string): Version {
  const numbers = writtenNumbers(written).slice(0, 3);
  const firstNotZero = numbers.findIndex((number) => number > 0);
  const last = numbers.length - 1;
  const rises = operator === '~' ? Math.min(1, last) : firstNotZero === -1 ? last : firstNotZero;
  return { numbers: numbers.slice(0, rises + 1).map((number, at) => (at === rises ? number + 1 : number)), pre: ['0'] };
}

function writtenNumbers(text: string): number[] {
  return (text.replace(/^v/, '').split(/[-+]/)[0] as string).split('.').map(Number);
}

function readVersion(text: string): Version | undefined {
  const [core = '', build, ...more] = text.replace(/^v/, '').split('+');
  const [dotted = '', ...dashed] = core.split('-');
  const pre = dashed.length === 0 ? undefined : dashed.join('-');
  if (more.length > 0 || !dotted.split('.').every((number) => /^[0-9]{1,9}$/.test(number))) return undefined;
  if (![pre, build].every((part) => part === undefined || /^[0-9A-Za-z.-]+$/.test(part))) return undefined;
  return { numbers: dotted.split('.').map(Number), pre: pre === undefined ? [] : pre.split('.') };
}

function compare(a: Version, b: Version): number {
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length; // a release is the highest
  for (let at = 0; at < Math.min(a.pre.length, b.pre.length); at++) {
    const order = comparePart(a.pre[at] as string, b.pre[at] as string);
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

/** Numbers in their order, before texts in theirs. */
function comparePart(a: string, b: string): number {
  const isNumber = (part: string): boolean => /^[0-9]+$/.test(part);
  if (isNumber(a) && isNumber(b)) return Number(BigInt(a) - BigInt(b));
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
