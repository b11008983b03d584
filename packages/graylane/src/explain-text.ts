import {
  BUCKETS,
  type ConditionExplanation,
  type Explanation,
  type HopExplanation,
  type RuleExplanation,
} from '@graylane/core';
import { formatTable } from './table.ts';

/** An explanation as a colleague would give it: the answer, what led to it, and what else was tried. */
export function formatExplanation(explanation: Explanation, hops: readonly HopExplanation[] = []): string {
  const { decision, rules } = explanation;
  const parts = [`${decision.lane}: ${answerOf(explanation)}`];
  if (rules.length > 0) parts.push(rules.map(formatRule).join('\n'));
  if (hops.length > 0) parts.push(formatHops(hops));
  return parts.join('\n\n');
}

/** The decision in a sentence. */
function answerOf({ decision, rules, revision }: Explanation): string {
  const rule = rules.find(({ result }) => result === 'decides');
  const where = `(policy ${revision})`;
  if (!rule || !('rule' in decision)) return `no rule matches, so the request is stable ${where}`;
  if (!('by' in rule.leadsTo)) return `the rule "${rule.name}" matches, and says so ${where}`;
  const { by, key, bucket, ranges } = rule.leadsTo;
  if (bucket === undefined) {
    return `the rule "${rule.name}" matches, and the request has no ${by} to split by, so it is stable ${where}`;
  }
  const range = ranges.find(({ from, to }) => bucket >= from && bucket < to);
  const end = ranges.at(-1)?.to ?? 0;
  const place = range
    ? `within ${range.lane}'s buckets ${range.from} to ${range.to - 1}`
    : `behind the last share, which ends at ${end}`;
  return `the rule "${rule.name}" matches, and ${by} ${JSON.stringify(key)} is in bucket ${bucket} of ${BUCKETS}, ${place} ${where}`;
}

const SIGNS = { decides: '✓', shadowed: '·', 'does-not-match': '✗' } as const;
const WORDS = {
  decides: 'decides',
  shadowed: 'matches too, but comes later',
  'does-not-match': 'does not match',
} as const;

function formatRule({ name, result, when }: RuleExplanation): string {
  const head = `${SIGNS[result]} ${name}: ${WORDS[result]}${when ? '' : ' (it has no condition)'}`;
  return when ? [head, ...formatCondition(when, '    ')].join('\n') : head;
}

function formatCondition({ text, holds, value, parts }: ConditionExplanation, indent: string): string[] {
  const seen =
    value === undefined ? '' : value === null ? ', and the request has none' : `, and it is ${JSON.stringify(value)}`;
  const line = `${indent}${holds ? '✓' : '✗'} ${text}${seen}`;
  return [line, ...(parts ?? []).flatMap((part) => formatCondition(part, `${indent}  `))];
}

function formatHops(hops: readonly HopExplanation[]): string {
  const rows = hops.map(({ service, pick, chain, lanes }) => {
    const served = pick.kind === 'hit' || pick.kind === 'fallback' ? pick.lane : 'nothing';
    const why = 'because' in pick ? `${pick.kind}: ${pick.because}` : pick.kind;
    const there = lanes.map(({ lane, instances, ready }) => `${lane} ${ready}/${instances}`).join(', ');
    return [service, served, why, chain.join(' → '), there];
  });
  return formatTable(['service', 'served by', 'pick', 'chain', 'ready instances'], rows);
}
