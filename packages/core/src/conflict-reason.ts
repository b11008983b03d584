import type { ConditionNode, TestNode } from './condition.ts';
import { contradicts } from './contradiction.ts';
import { testText } from './explain.ts';
import { valuesOf } from './fact-domain.ts';
import { type Literal, valueTest } from './formula.ts';

/** Why no request can fulfil a condition, as an end to that sentence; empty where it takes more than one to say. */
export function reasonWhyNever(node: ConditionNode): string {
  const tests = conjunctsOf(node, true);
  for (const group of Map.groupBy(tests ?? [], ({ literal }) => literal.fact).values()) {
    const few = fewest(group);
    if (few.length === 0) continue;
    const [{ test } = { test: undefined }, second] = few;
    if (test && !second) return aloneReason(test);
    const texts = few.map((each) => textOf(each.test, each.literal));
    return `: ${texts.slice(0, -1).join(', ')} and ${texts.at(-1)} exclude each other`;
  }
  return '';
}

/** What is to be known of a fact by whoever asked it for something impossible, as an end to a sentence. */
export function factNote(fact: string): string {
  const values = valuesOf(fact);
  if (values) return `: it is one of ${values.join(', ')}`;
  if (fact === 'host') return ': it is compared in lower case';
  if (fact.startsWith('cookie.')) return ': it has no ";" and no blanks at its ends';
  if (fact === 'time') return ': it is written as 2026-12-24T18:00:00.000Z; use before and after';
  if (fact === 'agent.osVersion' || fact === 'agent.browserVersion') return ': it is numbers with dots, as 17.5';
  if (fact.startsWith('attribute.')) return ': an empty value counts as missing';
  return '';
}

function aloneReason(test: TestNode): string {
  const { fact, operator, operand } = test;
  if (Array.isArray(operand) && operand.length === 0) return ': the segment has no members';
  const what = operator === 'equals' ? `${fact} is never ${JSON.stringify(operand)}` : `${testText(test)} is never so`;
  return `: ${what}${factNote(fact)}`;
}

interface Conjunct {
  readonly test: TestNode;
  readonly literal: Literal;
}

/** The tests of a condition that is nothing but a conjunction of tests and complements. */
function conjunctsOf(node: ConditionNode, wanted: boolean): readonly Conjunct[] | undefined {
  switch (node.kind) {
    case 'not':
      return conjunctsOf(node.part, !wanted);
    case 'segment':
      return conjunctsOf(node.part, wanted);
    case 'all':
    case 'any': {
      if (node.parts.length > 1 && (node.kind === 'all') !== wanted) return undefined;
      const parts = node.parts.map((part) => conjunctsOf(part, wanted));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case 'test':
      return [{ test: node, literal: literalOf(node, wanted) }];
  }
}

function literalOf(node: TestNode, wanted: boolean): Literal {
  const { fact, operator, operand, ignoreCase } = node;
  const holds = operator === 'exists' ? wanted === operand : wanted;
  return { kind: 'literal', fact, operator, operand, ignoreCase, accepts: valueTest(node), wanted: holds };
}

/** As few of the tests as exclude each other; none when all together do not. */
function fewest(group: readonly Conjunct[]): readonly Conjunct[] {
  const excludes = (some: readonly Conjunct[]): boolean =>
    some.length > 0 && contradicts(some.map((each) => each.literal));
  if (!excludes(group)) return [];
  return group.reduce((left, each) => {
    const without = left.filter((other) => other !== each);
    return excludes(without) ? without : left;
  }, group);
}

function textOf(test: TestNode, { wanted, operator }: Literal): string {
  const isPlain = operator === 'exists' || wanted;
  return isPlain ? testText(test) : `not ${testText(test)}`;
}
