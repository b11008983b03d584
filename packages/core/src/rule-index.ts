import type { ByteText } from './bytes.ts';
import type { FactReader, RequestFacts } from './facts.ts';

/** Something that must hold for a rule to match: a fact's value is a text, or begins with it. */
export interface RuleKey {
  /** Names the reader: keys with the same name read the same. */
  readonly fact: string;
  readonly read: FactReader;
  readonly kind: 'exact' | 'prefix';
  readonly text: ByteText;
}

/** A rule as the index sees it. */
export interface IndexedRule {
  /** At least one of them must hold; undefined when there are none. */
  readonly keys: readonly RuleKey[] | undefined;
  /** Undefined: the rule matches when one of its keys holds, or always when it has none. */
  readonly holds: ((request: RequestFacts) => boolean) | undefined;
}

/** Finds the rules that may match a request without walking those that cannot. */
export interface RuleIndex {
  /** The number of the first rule, in the order of the policy, that matches; -1 when none does. */
  first(request: RequestFacts): number;
}

/** Numbers of rules, ascending. */
type Postings = readonly number[];

/**
 * Indexes rules by the keys that they need: a rule can only match when one of its keys holds, so rules are found by hash and
 * the cost does not grow with those whose keys do not hold. Rules without keys are the residue, tried in their order.
 * Candidates are merged in ascending order, so the first match is the one that a walk over all rules would find.
 *
 */
export function createRuleIndex(rules: readonly IndexedRule[]): RuleIndex {
  const lookups = new Map<string, Lookup>();
  const residue: number[] = [];
  for (const [rule, { keys }] of rules.entries()) {
    if (!keys) residue.push(rule);
    for (const key of keys ?? []) {
      const lookup = lookups.get(key.fact) ?? new Lookup(key.read);
      lookups.set(key.fact, lookup);
      lookup.add(key, rule);
    }
  }
  return new MergingIndex([...lookups.values()], residue, rules);
}

class MergingIndex implements RuleIndex {
  readonly #lookups: readonly Lookup[];
  readonly #residue: Postings;
  readonly #rules: readonly IndexedRule[];
  // Reused for each request: deciding is synchronous, and a policy is asked one request at a time.
  readonly #lists: Postings[] = [];
  readonly #heads: number[] = [];

  constructor(lookups: readonly Lookup[], residue: Postings, rules: readonly IndexedRule[]) {
    this.#lookups = lookups;
    this.#residue = residue;
    this.#rules = rules;
  }

  first(request: RequestFacts): number {
    const lists = this.#lists;
    let count = 0;
    if (this.#residue.length > 0) lists[count++] = this.#residue;
    // No iterator here: it costs as much as the look-up of a small policy.
    for (let at = 0; at < this.#lookups.length; at++)
      count = (this.#lookups[at] as Lookup).collect(request, lists, count);
    if (count === 0) return -1;
    if (count === 1) return this.#firstOf(lists[0] as Postings, request);
    return this.#merge(count, request);
  }

  #firstOf(postings: Postings, request: RequestFacts): number {
    for (let at = 0; at < postings.length; at++) {
      const rule = postings[at] as number;
      const { holds } = this.#rules[rule] as IndexedRule;
      if (!holds || holds(request)) return rule;
    }
    return -1;
  }

  #merge(count: number, request: RequestFacts): number {
    const lists = this.#lists;
    const heads = this.#heads;
    for (let list = 0; list < count; list++) heads[list] = 0;
    for (;;) {
      let rule = Number.POSITIVE_INFINITY;
      for (let list = 0; list < count; list++) {
        const head = (lists[list] as Postings)[heads[list] as number];
        if (head !== undefined && head < rule) rule = head;
      }
      if (rule === Number.POSITIVE_INFINITY) return -1;
      const { holds } = this.#rules[rule] as IndexedRule;
      if (!holds || holds(request)) return rule;
      for (let list = 0; list < count; list++) {
        if ((lists[list] as Postings)[heads[list] as number] === rule) heads[list] = (heads[list] as number) + 1;
      }
    }
  }
}

/** The keys on one fact. */
class Lookup {
  readonly #read: FactReader;
  readonly #exact = new Map<ByteText, number[]>();
  #prefixes: PrefixNode | undefined;

  constructor(read: FactReader) {
    this.#read = read;
  }

  add({ kind, text }: RuleKey, rule: number): void {
    if (kind === 'exact') append(this.#exact, text, rule);
    else {
      this.#prefixes ??= { rules: [], next: new Map() };
      addPrefix(this.#prefixes, text, rule);
    }
  }

  /** Adds the postings of all keys that hold to `lists`, from `count` on. Returns the new count. */
  collect(request: RequestFacts, lists: Postings[], count: number): number {
    const value = this.#read(request);
    if (value === undefined) return count;
    let found = count;
    const exact = this.#exact.get(value);
    if (exact) lists[found++] = exact;
    let node = this.#prefixes;
    for (let at = 0; node; at++) {
      if (node.rules.length > 0) lists[found++] = node.rules;
      node = at < value.length ? node.next.get(value.charCodeAt(at)) : undefined;
    }
    return found;
  }
}

/** A tree of prefixes, a byte a level. */
interface PrefixNode {
  readonly rules: number[];
  readonly next: Map<number, PrefixNode>;
}

function addPrefix(root: PrefixNode, prefix: ByteText, rule: number): void {
  let node = root;
  for (let at = 0; at < prefix.length; at++) {
    const code = prefix.charCodeAt(at);
    const next = node.next.get(code) ?? { rules: [], next: new Map() };
    node.next.set(code, next);
    node = next;
  }
  if (node.rules.at(-1) !== rule) node.rules.push(rule);
}

function append(postings: Map<ByteText, number[]>, text: ByteText, rule: number): void {
  const rules = postings.get(text);
  if (!rules) postings.set(text, [rule]);
  else if (rules.at(-1) !== rule) rules.push(rule);
}
