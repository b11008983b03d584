import { type CompiledPolicy, compilePolicy } from './decide.ts';
import { type SampleDiff, sampleDiff } from './diff-sample.ts';
import type { RequestFacts } from './facts.ts';
import type { CompiledRule } from './parse-rules.ts';
import type { Policy, Rule } from './policy.ts';
import { type Replay, replaySplit } from './replay-split.ts';
import { type SplitMoves, splitMoves } from './split-moves.ts';

/** What is different in a policy, and what that does. */
export interface PolicyDiff {
  /** Whether both have the same content. */
  readonly same: boolean;
  readonly lanes: NamesDiff;
  readonly attributes: NamesDiff;
  readonly segments: NamesDiff;
  readonly services: NamesDiff;
  /** In the order of the new policy; those that are gone stand last. */
  readonly rules: readonly RuleChange[];
  /** For each rule whose users change lane: who, and how many. */
  readonly splits: readonly SplitChange[];
  /** What happens to a sample of requests, if one was given. */
  readonly sample: SampleDiff | undefined;
}

/** The names of things that came, went, or have another content. */
export interface NamesDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly NameChange[];
}

/** What is different about one thing. */
export interface NameChange {
  readonly name: string;
  /** The fields that came, went or changed; none where the whole is no object of fields. */
  readonly fields: readonly string[];
}

/** What happened to a rule. Indexes are those of `rules`, from 0. */
export type RuleChange =
  | { readonly kind: 'added'; readonly name: string; readonly to: number }
  | { readonly kind: 'removed'; readonly name: string; readonly from: number }
  /** Everything but its name is as it was. */
  | {
      readonly kind: 'renamed';
      readonly name: string;
      readonly was: string;
      readonly from: number;
      readonly to: number;
    }
  /** It stands before or behind rules that it did not stand before or behind. */
  | { readonly kind: 'moved'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly kind: 'changed'; readonly name: string; readonly to: number; readonly fields: readonly string[] };

/** How users of one rule change lane. */
export interface SplitChange extends SplitMoves {
  readonly rule: string;
  /** Where the moves are an expectation: what happens to keys that were tried. */
  readonly replay?: Replay;
}

/**
 * What is different between two policies, and what it changes: for each rule the share of its users who change lane, and,
 * for a sample of requests, which of them do.
 *
 * A share is of the users who reach the rule and have its key, before and after: exact where salt and key are the same.
 *
 * @throws GraylaneError `GL_POLICY_INVALID` for a policy that was not checked and has mistakes
 */
export function diffPolicies(
  before: CompiledPolicy | Policy,
  after: CompiledPolicy | Policy,
  requests: readonly RequestFacts[] = [],
): PolicyDiff {
  const [old, now] = [before, after].map((each) => ('index' in each ? each : compilePolicy(each))) as [
    CompiledPolicy,
    CompiledPolicy,
  ];
  const sections = (['lanes', 'attributes', 'segments', 'services'] as const).map(
    (name) => [name, namesDiff(old.policy[name], now.policy[name])] as const,
  );
  return {
    same: old.revision === now.revision,
    ...(Object.fromEntries(sections) as Pick<PolicyDiff, (typeof sections)[number][0]>),
    rules: rulesDiff(old.policy.rules, now.policy.rules),
    splits: splitChanges(old, now),
    sample: requests.length === 0 ? undefined : sampleDiff(old, now, requests),
  };
}

function namesDiff(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): NamesDiff {
  const common = Object.keys(after).filter((name) => Object.hasOwn(before, name));
  return {
    added: Object.keys(after).filter((name) => !Object.hasOwn(before, name)),
    removed: Object.keys(before).filter((name) => !Object.hasOwn(after, name)),
    changed: common
      .filter((name) => !isSame(before[name], after[name]))
      .map((name) => ({ name, fields: fieldsOf(before[name], after[name]) })),
  };
}

function rulesDiff(before: readonly Rule[], after: readonly Rule[]): readonly RuleChange[] {
  const changes: RuleChange[] = [];
  const renamed = renamedRules(before, after);
  const staying = longestIncreasing(after.flatMap(({ name }) => indexIn(before, renamed.get(name) ?? name)));
  for (const [to, rule] of after.entries()) {
    const { name } = rule;
    const was = renamed.get(name) ?? name;
    const [from] = indexIn(before, was);
    const old = from === undefined ? undefined : before[from];
    if (from === undefined || !old) {
      changes.push({ kind: 'added', name, to });
      continue;
    }
    if (was !== name) changes.push({ kind: 'renamed', name, was, from, to });
    const fields = fieldsOf(old, rule).filter((field) => field !== 'name');
    if (fields.length > 0) changes.push({ kind: 'changed', name, to, fields });
    if (!staying.has(from)) changes.push({ kind: 'moved', name, from, to });
  }
  const gone = before.filter(({ name }) => indexIn(after, name).length === 0 && ![...renamed.values()].includes(name));
  return [
    ...changes,
    ...gone.map(({ name }) => ({ kind: 'removed', name, from: indexIn(before, name)[0] ?? 0 }) as const),
  ];
}

/** New names of rules that are nowhere else, each with the name that the same rule had. */
function renamedRules(before: readonly Rule[], after: readonly Rule[]): ReadonlyMap<string, string> {
  const content = (rule: Rule): string => JSON.stringify({ ...rule, name: '' });
  const gone = before.filter(({ name }) => indexIn(after, name).length === 0);
  const found = new Map<string, string>();
  for (const rule of after) {
    if (indexIn(before, rule.name).length > 0) continue;
    const old = gone.find((each) => content(each) === content(rule) && ![...found.values()].includes(each.name));
    if (old) found.set(rule.name, old.name);
  }
  return found;
}

function indexIn(rules: readonly Rule[], wanted: string): readonly number[] {
  const index = rules.findIndex(({ name }) => name === wanted);
  return index === -1 ? [] : [index];
}

/** The numbers of a longest ascending part of a list; what is not in it has moved. Patience sorting. */
function longestIncreasing(numbers: readonly number[]): ReadonlySet<number> {
  const piles: number[][] = [];
  for (const number of numbers) {
    const at = piles.findIndex((pile) => (pile.at(-1) as number) > number);
    const before = piles[(at === -1 ? piles.length : at) - 1] ?? [];
    piles[at === -1 ? piles.length : at] = [...before, number];
  }
  return new Set(piles.at(-1));
}

function splitChanges(before: CompiledPolicy, after: CompiledPolicy): readonly SplitChange[] {
  const renamed = renamedRules(before.policy.rules, after.policy.rules);
  return after.rules.flatMap((rule) => {
    const old = before.rules.find(({ name }) => name === (renamed.get(rule.name) ?? rule.name));
    return old ? splitChange(old, rule) : [];
  });
}

function splitChange(before: CompiledRule, after: CompiledRule): readonly SplitChange[] {
  const change = splitMoves(before.outcome, after.outcome);
  if (change.moves.length === 0) return [];
  const replay = change.basis === 'ranges' ? undefined : replaySplit(before.outcome, after.outcome);
  return [{ rule: after.name, ...change, ...(replay && { replay }) }];
}

function fieldsOf(before: unknown, after: unknown): readonly string[] {
  const [one, other] = [before, after].map((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {},
  ) as [Record<string, unknown>, Record<string, unknown>];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => !isSame(one[name], other[name]));
}

/** Whether two values were written the same; the order of keys counts, as it does for the lanes of a split. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
