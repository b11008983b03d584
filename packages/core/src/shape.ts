import type { Issue } from './errors.ts';

/** The place of a value in a document. */
export type Path = readonly (string | number)[];

/** Where mistakes are put. */
export type Report = (path: Path, message: string) => void;

/** How deep values may be nested: more than the deepest condition needs, and an end for one that contains itself. */
const MAX_NESTING = 64;

/**
 * A value in something that a person wrote, with its path. Its methods read it as one shape or report what is wrong and
 * return undefined, so that a parser goes on and all mistakes come out at once.
 */
export class Value {
  readonly raw: unknown;
  readonly path: Path;
  readonly #report: Report;

  constructor(raw: unknown, path: Path, report: Report) {
    this.raw = raw;
    this.path = path;
    this.#report = report;
  }

  /** Reports a mistake at this value. Returns undefined, for `return value.fail('…')`. */
  fail(message: string): undefined {
    this.#report(this.path, message);
  }

  /** The value under a key or index of this one, present or not. */
  at(key: string | number): Value {
    const raw =
      isObject(this.raw) && Object.hasOwn(this.raw, key) ? (this.raw as Record<string, unknown>)[key] : undefined;
    return new Value(raw, [...this.path, key], this.#report);
  }

  /** Whether there is a value at all. */
  get present(): boolean {
    return this.raw !== undefined;
  }

  /** Whether this is not nested too deep to be walked through and to be written again. To be asked of outermost values. */
  isShallow(): boolean {
    const isShallow = nestsAtMost(this.raw, MAX_NESTING);
    if (!isShallow) this.fail(`is nested more than ${MAX_NESTING} deep, or contains itself`);
    return isShallow;
  }

  /** This as an object with some of these fields and no other. The result has every field that is present. */
  fields<Name extends string>(names: readonly Name[]): { readonly [Key in Name]?: Value } | undefined {
    if (!isRecord(this.raw)) return this.fail(`must be an object, not ${kindOf(this.raw)}`);
    const found: { [Key in Name]?: Value } = {};
    for (const key of Object.keys(this.raw)) {
      const name = names.find((known) => known === key);
      if (name === undefined) this.at(key).fail(`unknown field${suggest(key, names)}; known here: ${names.join(', ')}`);
      else if (this.at(key).present) found[name] = this.at(key);
    }
    return found;
  }

  /** This as an object with keys of the writer's choice. */
  entries(): readonly (readonly [string, Value])[] | undefined {
    if (!isRecord(this.raw)) return this.fail(`must be an object, not ${kindOf(this.raw)}`);
    return Object.keys(this.raw).map((key) => [key, this.at(key)] as const);
  }

  /** This as a list of at least `min` items. */
  list(min = 0): readonly Value[] | undefined {
    if (!Array.isArray(this.raw)) return this.fail(`must be a list, not ${kindOf(this.raw)}`);
    if (this.raw.length < min) return this.fail(`must have at least ${min} ${min === 1 ? 'item' : 'items'}`);
    return this.raw.map((_, index) => this.at(index));
  }

  /** This as a text, not empty unless allowed. */
  text(options: { empty?: boolean; max?: number } = {}): string | undefined {
    if (typeof this.raw !== 'string') return this.fail(`must be a text, not ${kindOf(this.raw)}${quoteHint(this.raw)}`);
    if (this.raw === '' && !options.empty) return this.fail('must not be empty');
    if (this.raw.length > (options.max ?? 10_000))
      return this.fail(`must have at most ${options.max ?? 10_000} characters`);
    return this.raw;
  }

  /** This as a number within bounds, both inclusive. */
  number(options: { min?: number; max?: number; integer?: boolean } = {}): number | undefined {
    const { min = -Infinity, max = Infinity, integer = false } = options;
    const kind = integer ? 'a whole number' : 'a number';
    if (typeof this.raw !== 'number' || !Number.isFinite(this.raw) || (integer && !Number.isInteger(this.raw)))
      return this.fail(`must be ${kind}, not ${kindOf(this.raw)}`);
    if (this.raw < min) return this.fail(`must be at least ${min}, not ${this.raw}`);
    if (this.raw > max) return this.fail(`must be at most ${max}, not ${this.raw}`);
    return this.raw;
  }

  /** This as true or false. */
  boolean(): boolean | undefined {
    return typeof this.raw === 'boolean' ? this.raw : this.fail(`must be true or false, not ${kindOf(this.raw)}`);
  }

  /** This as one of some words. */
  oneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const word = words.find((known) => known === this.raw);
    const hint = typeof this.raw === 'string' ? suggest(this.raw, words) : '';
    return word ?? this.fail(`must be one of ${words.join(', ')}, not ${kindOf(this.raw)}${hint}`);
  }
}

/** A path as people write it: `rules[2].when.fact`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** Collects issues; `at` finds a path's place in the text where there is one. */
export function issueCollector(at?: (path: Path) => Issue['at']): { issues: Issue[]; report: Report } {
  const issues: Issue[] = [];
  const report: Report = (path, message) => {
    const place = at?.(path);
    issues.push({ path: formatPath(path), message, ...(place && { at: place }) });
  };
  return { issues, report };
}

function nestsAtMost(value: unknown, depth: number): boolean {
  return !isObject(value) || (depth > 0 && Object.values(value).every((inner) => nestsAtMost(inner, depth - 1)));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether a value is what JSON calls an object: no list, and no Map or Date, whose content is in no field. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  if (isObject(value)) return `a ${value.constructor?.name ?? 'strange object'}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function quoteHint(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? ` (put it in quotes: "${value}")` : '';
}

/** Among more words than these none is looked for: many mistakes in a large policy would take quadratic time. */
const MAX_KNOWN = 100;

/** ` (did you mean "…"?)` when a known word is at most two edits away, and there are not too many. */
export function suggest(word: string, known: readonly string[]): string {
  if (known.length > MAX_KNOWN) return '';
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, candidate.length - 1))
    .sort((a, b) => a.distance - b.distance)[0];
  return near ? ` (did you mean "${near.candidate}"?)` : '';
}

/** Levenshtein's distance of two short words. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
