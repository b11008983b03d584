import { bucketOf } from './bucket.ts';
import { fromBytes } from './bytes.ts';
import type { ConditionNode, TestNode } from './condition.ts';
import { type CompiledPolicy, decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { RequestFacts } from './facts.ts';
import type { Lane } from './lane.ts';
import type { CompiledRule, CompiledSplit } from './parse-rules.ts';

/** Why a request has its lane: the decision, and what every rule and every condition made of the request. */
export interface Explanation {
  readonly decision: Decision;
  /** The policy's revision. */
  readonly revision: string;
  /** All rules, in order. */
  readonly rules: readonly RuleExplanation[];
}

/** What one rule made of a request. */
export interface RuleExplanation {
  readonly name: string;
  /** `decides`: the first that matches. `shadowed`: matches too, behind the one that decides. */
  readonly result: 'decides' | 'shadowed' | 'does-not-match';
  /** Undefined for a rule without a condition, which matches everything. */
  readonly when: ConditionExplanation | undefined;
  readonly leadsTo: { readonly lane: Lane } | SplitExplanation;
}

/** What one condition made of a request. */
export interface ConditionExplanation {
  /** The condition in one notation: `header.x-tester equals "1"`, `all`, `any`, `not`, `segment testers`. */
  readonly text: string;
  readonly holds: boolean;
  /** For a test: what the fact was, secrets masked; null when the request does not have it. */
  readonly value?: string | null;
  readonly parts?: readonly ConditionExplanation[];
}

/** Where a request's key falls in a split. */
export interface SplitExplanation {
  /** The fact that is hashed. */
  readonly by: string;
  /** Its value, secrets masked; null when the request does not have it. */
  readonly key: string | null;
  readonly bucket: number | undefined;
  /** Buckets from `from` to below `to` are in `lane`; those in none are stable. */
  readonly ranges: readonly { readonly lane: Lane; readonly from: number; readonly to: number }[];
}

/** Explains the lane of a request: the same evaluation as `decide`, with nothing left out. */
export function explain(compiled: CompiledPolicy, request: RequestFacts): Explanation {
  const decision = decide(compiled, request);
  let decided = false;
  const rules = compiled.rules.map((rule): RuleExplanation => {
    const matches = rule.when?.holds(request) ?? true;
    const result = !matches ? 'does-not-match' : decided ? 'shadowed' : 'decides';
    decided ||= matches;
    return {
      name: rule.name,
      result,
      when: rule.when && explainCondition(rule.when, request),
      leadsTo: explainOutcome(rule, request),
    };
  });
  return { decision, revision: compiled.revision, rules };
}

function explainCondition(node: ConditionNode, request: RequestFacts): ConditionExplanation {
  const holds = node.holds(request);
  switch (node.kind) {
    case 'all':
    case 'any':
      return { text: node.kind, holds, parts: node.parts.map((part) => explainCondition(part, request)) };
    case 'not':
      return { text: 'not', holds, parts: [explainCondition(node.part, request)] };
    case 'segment':
      return { text: `segment ${node.name}`, holds, parts: [explainCondition(node.part, request)] };
    case 'test':
      return { text: testText(node), holds, value: shown(node.fact, node.read(request)) };
  }
}

/** A test in one line; long lists are cut, for a segment may have a million members. */
export function testText({ fact, operator, operand, ignoreCase }: TestNode): string {
  const list = Array.isArray(operand) && operand.length > 5 ? operand : undefined;
  const text = list
    ? `${JSON.stringify(list.slice(0, 4)).slice(0, -1)}, … ${list.length - 4} more]`
    : JSON.stringify(operand);
  return `${fact} ${operator} ${text}${ignoreCase ? ' ignoring case' : ''}`;
}

function explainOutcome({ outcome }: CompiledRule, request: RequestFacts): RuleExplanation['leadsTo'] {
  return outcome.kind === 'lane' ? { lane: outcome.lane } : explainSplit(outcome, request);
}

function explainSplit({ by, key: read, salt, ranges }: CompiledSplit, request: RequestFacts): SplitExplanation {
  const key = read(request);
  return {
    by,
    key: shown(by, key),
    bucket: key === undefined || key === '' ? undefined : bucketOf(salt, key),
    ranges: ranges.map(({ lane, below }, index) => ({ lane, from: ranges[index - 1]?.below ?? 0, to: below })),
  };
}

/** Names of facts whose values open doors. */
const SECRET =
  /^(?:header\.(?:authorization|proxy-authorization|cookie)|.*(?:token|secret|passw|session|api-?key|signature).*)$/i;

/** A fact's value for people: as text, cut where it is long, and masked where it may be a secret. */
function shown(fact: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  // A claim is named token.…, and is no secret for that.
  if (SECRET.test(fact.replace(/^token\./, ''))) return `(masked, ${value.length} bytes)`;
  const text = fromBytes(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
