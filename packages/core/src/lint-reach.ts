import { decide } from './decide.ts';
import type { RequestFacts } from './facts.ts';
import { type Finding, finding } from './finding.ts';
import { STABLE } from './lane.ts';
import type { LintSubject } from './lint-subject.ts';
import type { CompiledOutcome, CompiledRule } from './parse-rules.ts';
import type { Demand } from './witness.ts';

/** How many earlier rules are brought in, one after the other, to see whether they leave a rule something. */
const ROUNDS = 24;

/** How many earlier rules are named that take some of a rule's requests. */
const NAMED = 3;

/** Rules that earlier rules leave nothing, or from which they take requests that were to go elsewhere. */
export function lintReach(subject: LintSubject): readonly Finding[] {
  return subject.compiled.rules.flatMap((_, index) => {
    if (index === 0) return [];
    const cover = coverOf(subject, index);
    return cover ? [neverReached(subject, index, cover)] : overlapOf(subject, index);
  });
}

interface Cover {
  /** The rules that together take all. */
  readonly by: readonly number[];
  readonly witness: RequestFacts;
}

/**
 * The earlier rules that take every request of a rule; undefined when one is left, or when that cannot be told. Each
 * request that was found, and that another rule takes, brings that rule in.
 */
function coverOf({ compiled, solver }: LintSubject, index: number): Cover | undefined {
  const own = demandsOf(compiled.rules[index], true);
  let by: readonly number[] = [];
  let witness: RequestFacts | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const answer = solver.solve([...own, ...by.flatMap((other) => demandsOf(compiled.rules[other], false))]);
    if (answer.kind === 'none') return witness && { by: needed(by), witness };
    if (answer.kind === 'unknown') return undefined;
    const taken = decidingRule(answer.request);
    if (taken === undefined || taken >= index) return undefined;
    witness ??= answer.request;
    by = [...by, taken];
    if (!compiled.rules[taken]?.when) return { by: [taken], witness };
  }
  return undefined;

  function decidingRule(request: RequestFacts): number | undefined {
    const decision = decide(compiled, request);
    const found = 'rule' in decision ? compiled.rules.findIndex(({ name }) => name === decision.rule) : -1;
    return found === -1 ? undefined : found;
  }

  /** Without the rules that are not needed for the proof. */
  function needed(rules: readonly number[]): readonly number[] {
    return rules.reduce((left, each) => {
      const without = left.filter((other) => other !== each);
      const demands = without.flatMap((other) => demandsOf(compiled.rules[other], false));
      return without.length > 0 && solver.isImpossible([...own, ...demands]) ? without : left;
    }, rules);
  }
}

function neverReached({ compiled }: LintSubject, index: number, { by, witness }: Cover): Finding {
  const names = by.toSorted((a, b) => a - b).map((each) => `"${compiled.rules[each]?.name}"`);
  const [first] = by;
  const isOpen = by.length === 1 && first !== undefined && !compiled.rules[first]?.when;
  const message = isOpen
    ? `no request gets here: the rule ${names[0]} in front of it has no condition`
    : by.length === 1
      ? `no request gets here: the rule ${names[0]} in front of it takes all that match`
      : `no request gets here: the rules ${listed(names)} in front of it together take all that match`;
  return finding('never-reached', ['rules', index], message, witness);
}

function overlapOf(subject: LintSubject, index: number): readonly Finding[] {
  const { compiled } = subject;
  const found: { readonly rule: CompiledRule; readonly witness: RequestFacts }[] = [];
  for (const earlier of compiled.rules.slice(0, index)) {
    if (found.length === NAMED) break;
    const witness = overlapWitness(subject, earlier, compiled.rules[index] as CompiledRule);
    if (witness) found.push({ rule: earlier, witness });
  }
  const [first] = found;
  if (!first) return [];
  const names = found.map(({ rule }) => `"${rule.name}" (${outcomeText(rule.outcome)})`);
  const message =
    found.length === 1
      ? `the rule "${first.rule.name}" in front of it sends some of these requests to ${outcomeText(first.rule.outcome)}`
      : `the rules ${listed(names)} in front of it take some of these requests`;
  return [finding('overlap', ['rules', index], message, first.witness)];
}

/**
 * A request that both rules match, that the earlier one decides, and for which that means other lanes. Not when the earlier
 * rule is an exception to the later one, matching nothing else, or keeps its requests in stable: that is what order is for.
 */
function overlapWitness(
  { compiled, solver }: LintSubject,
  earlier: CompiledRule,
  later: CompiledRule,
): RequestFacts | undefined {
  if (!earlier.when || !later.when || !leadElsewhere(earlier.outcome, later.outcome)) return undefined;
  const both: Demand[] = [...demandsOf(earlier, true), ...demandsOf(later, true)];
  if (solver.isImpossible([...demandsOf(earlier, true), ...demandsOf(later, false)])) return undefined;
  for (let round = 0; round < 4; round++) {
    const answer = solver.solve(both);
    if (answer.kind !== 'request') return undefined;
    const decision = decide(compiled, answer.request);
    if (!('rule' in decision)) return undefined;
    if (decision.rule === earlier.name) return answer.request;
    const other = compiled.rules.find(({ name }) => name === decision.rule);
    if (!other?.when) return undefined;
    both.push(...demandsOf(other, false));
  }
  return undefined;
}

function demandsOf(rule: CompiledRule | undefined, wanted: boolean): readonly Demand[] {
  return rule?.when ? [{ node: rule.when, wanted }] : [];
}

function leadElsewhere(earlier: CompiledOutcome, later: CompiledOutcome): boolean {
  const [a, b] = [grayLanesOf(earlier), grayLanesOf(later)];
  return a.length > 0 && a.join() !== b.join();
}

/** The lanes other than stable that an outcome can lead to. */
function grayLanesOf(outcome: CompiledOutcome): readonly string[] {
  if (outcome.kind === 'lane') return outcome.lane === STABLE ? [] : [outcome.lane];
  const lanes = outcome.ranges.filter(({ below }, index) => below > (outcome.ranges[index - 1]?.below ?? 0));
  return [...new Set(lanes.map(({ lane }) => lane))].filter((lane) => lane !== STABLE).sort();
}

function outcomeText(outcome: CompiledOutcome): string {
  const lanes = grayLanesOf(outcome);
  if (lanes.length === 0) return 'stable';
  return outcome.kind === 'lane' ? (lanes[0] as string) : `a share of ${listed(lanes)}`;
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
