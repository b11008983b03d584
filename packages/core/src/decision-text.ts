import { type CompiledPolicy, decide } from './decide.ts';
import type { RequestFacts } from './facts.ts';
import type { CompiledSplit } from './parse-rules.ts';

/**
 * The lane of a request and why, in a part of a sentence: `gray by "testers"`, `stable, as no rule matches`,
 * `gray by "ramp" (attribute.user in bucket 3120)`.
 */
export function decisionText(compiled: CompiledPolicy, request: RequestFacts): string {
  const decision = decide(compiled, request);
  if (!('rule' in decision)) return `${decision.lane}, as no rule matches`;
  const rule = compiled.rules.find(({ name }) => name === decision.rule);
  const by = `${decision.lane} by "${decision.rule}"`;
  return rule?.outcome.kind === 'split' ? `${by} (${splitText(rule.outcome, request)})` : by;
}

function splitText(split: CompiledSplit, request: RequestFacts): string {
  const key = split.key(request);
  return key === undefined || key === '' ? `without ${split.by}` : `${split.by} in bucket ${split.bucket(key)}`;
}
