import { type ByteText, toBytes } from './bytes.ts';
import type { ConditionNode, TestNode } from './condition.ts';
import { OPERATORS, type OperatorName, type Test } from './operators.ts';
import type { Policy } from './policy.ts';
import { Value } from './shape.ts';

/**
 * A condition as logic: negation stands only at tests, segments are replaced by what they ask for, and a test on an
 * attribute by tests on the facts that it is made of. An empty `all` is true, an empty `any` is false.
 */
export type Formula =
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Formula[] }
  | Literal
  /** Something that cannot be looked at, such as a segment's file that was not handed in. */
  | { readonly kind: 'unknown' };

/** A test on one fact, or its complement. A missing value fulfils no test, and so every complement of one. */
export interface Literal {
  readonly kind: 'literal';
  readonly fact: string;
  /** `filled`: there and not empty, which is how attributes choose among their facts. */
  readonly operator: OperatorName | 'exists' | 'filled';
  readonly operand: unknown;
  readonly ignoreCase: boolean;
  /** Whether a value that is there fulfils the test. */
  readonly accepts: Test;
  /** Whether the test is to hold or not to hold. */
  readonly wanted: boolean;
}

/** What a condition's parts mean in one policy. */
export interface FormulaScope {
  /** The facts of each attribute; an attribute that is not in it is taken as a fact of its own. */
  readonly attributes: Policy['attributes'];
  /** Segments of which nobody knows the members. */
  readonly unknownSegments: ReadonlySet<string>;
  /** The test of a node; {@link valueTest}, kept once for each node. */
  readonly testOf: (node: TestNode) => Test;
}

/** What must be so that a condition holds, or, if not `wanted`, that it does not. */
export function formulaOf(node: ConditionNode, wanted: boolean, scope: FormulaScope): Formula {
  switch (node.kind) {
    case 'all':
    case 'any': {
      const parts = node.parts.map((part) => formulaOf(part, wanted, scope));
      return { kind: (node.kind === 'all') === wanted ? 'all' : 'any', parts };
    }
    case 'not':
      return formulaOf(node.part, !wanted, scope);
    case 'segment':
      return scope.unknownSegments.has(node.name) ? { kind: 'unknown' } : formulaOf(node.part, wanted, scope);
    case 'test':
      return formulaOfTest(node, wanted, scope);
  }
}

/** Whether a literal is fulfilled by a fact's value, undefined being a missing one. */
export function fulfils({ accepts, wanted }: Literal, value: ByteText | undefined): boolean {
  return (value !== undefined && accepts(value)) === wanted;
}

/** The test of a node on a value that is there, made of its operator and operand. */
export function valueTest({ operator, operand, ignoreCase }: TestNode): Test {
  if (operator === 'exists') return () => true;
  if (operator === 'in' && !ignoreCase) {
    const members = new Set((operand as readonly string[]).map(toBytes));
    return (value) => members.has(value);
  }
  return OPERATORS[operator](new Value(operand, [], () => {}), ignoreCase) ?? (() => false);
}

function formulaOfTest(node: TestNode, wanted: boolean, scope: FormulaScope): Formula {
  const { fact, operator, operand, ignoreCase } = node;
  const literal: Literal = {
    kind: 'literal',
    fact,
    operator,
    operand,
    ignoreCase,
    accepts: scope.testOf(node),
    wanted: operator === 'exists' ? wanted === operand : wanted,
  };
  const sources = fact.startsWith('attribute.') ? scope.attributes[fact.slice('attribute.'.length)] : undefined;
  return sources ? onAttribute(literal, sources) : literal;
}

/** A test on an attribute: on its first fact that is there and not empty, or, for a complement, on none. */
function onAttribute(literal: Literal, sources: readonly string[]): Formula {
  const chosen = sources.map((fact, index): Formula => {
    const before = sources.slice(0, index).map((source) => filled(source, false));
    return { kind: 'all', parts: [...before, filled(fact, true), { ...literal, fact }] };
  });
  if (literal.wanted) return { kind: 'any', parts: chosen };
  const none: Formula = { kind: 'all', parts: sources.map((source) => filled(source, false)) };
  return { kind: 'any', parts: [none, ...chosen] };
}

function filled(fact: string, wanted: boolean): Literal {
  const accepts: Test = (value) => value !== '';
  return { kind: 'literal', fact, operator: 'filled', operand: undefined, ignoreCase: false, accepts, wanted };
}
