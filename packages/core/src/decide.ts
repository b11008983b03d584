import { murmur3 } from './bucket.ts';
import { toBytes } from './bytes.ts';
import type { ConditionNode } from './condition.ts';
import type { Decision } from './decision.ts';
import type { FactTable } from './fact-table.ts';
import type { RequestFacts } from './facts.ts';
import { STABLE } from './lane.ts';
import { checkPolicy } from './parse-policy.ts';
import type { CompiledOutcome, CompiledRule } from './parse-rules.ts';
import type { SegmentFiles } from './parse-segments.ts';
import type { Policy } from './policy.ts';
import { createRouting, type Routing } from './routing.ts';
import { createRuleIndex, type IndexedRule, type RuleIndex } from './rule-index.ts';
import { keysOf, keysSuffice } from './rule-keys.ts';

/** A policy made ready to decide and to route by; immutable. */
export interface CompiledPolicy {
  readonly policy: Policy;
  /** Names this content: the same everywhere for the same policy with the same segment files. */
  readonly revision: string;
  readonly facts: FactTable;
  readonly rules: readonly CompiledRule[];
  readonly index: RuleIndex;
  readonly routing: Routing;
}

const DEFAULT: Decision = { by: 'default', lane: STABLE };

/**
 * Compiles a policy once, so that deciding does not parse, check or allocate more than its answer.
 *
 * @param files what the policy's segment files hold, by the name they have in the policy
 * @throws GraylaneError `GL_POLICY_INVALID` when the policy was not made by `parsePolicy` and has mistakes
 */
export function compilePolicy(policy: Policy, files: SegmentFiles = new Map()): CompiledPolicy {
  const checked = checkPolicy(policy, files);
  return {
    ...checked,
    revision: contentRevision(checked.policy, files),
    index: createRuleIndex(checked.rules.map(({ when }) => indexed(when))),
    routing: createRouting(checked.policy),
  };
}

function indexed(when: ConditionNode | undefined): IndexedRule {
  const keys = when && keysOf(when);
  return { keys, holds: when && keys && keysSuffice(when) ? undefined : when?.holds };
}

/**
 * The lane of a request: the first rule that matches decides, none means stable. Pure and synchronous. The cost does not
 * grow with rules that cannot match, and nothing is allocated: all decisions there can be are made beforehand.
 */
export function decide(compiled: CompiledPolicy, request: RequestFacts): Decision {
  compiled.facts.begin();
  const found = compiled.index.first(request);
  return found === -1 ? DEFAULT : outcomeOf((compiled.rules[found] as CompiledRule).outcome, request);
}

function outcomeOf(outcome: CompiledOutcome, request: RequestFacts): Decision {
  if (outcome.kind === 'lane') return outcome.decision;
  const key = outcome.key(request);
  if (key === undefined || key === '') return outcome.noKey;
  const bucket = outcome.bucket(key);
  const { ranges, outside } = outcome;
  for (let at = 0; at < ranges.length; at++) {
    const range = ranges[at] as (typeof ranges)[number];
    if (bucket < range.below) return range.decision;
  }
  return outside;
}

/** Sixteen hexadecimal digits over all that decides. Tells revisions apart; it is no signature. */
function contentRevision(policy: Policy, files: SegmentFiles): string {
  const bytes = toBytes(JSON.stringify([policy, ...files]));
  return [0, 1].map((seed) => murmur3(bytes, seed).toString(16).padStart(8, '0')).join('');
}
