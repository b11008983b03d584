import type { FactTable } from './fact-table.ts';
import type { FactReader, RequestFacts } from './facts.ts';
import { OPERATORS, type OperatorName, type Test } from './operators.ts';
import { suggest, type Value } from './shape.ts';

/**
 * What must hold of a request. The algebra:
 *
 * - `{ fact, OPERATOR: operand }` holds when the fact's value is there and fulfils the operator;
 * - `{ fact, exists: true }` holds when it is there, `exists: false` when it is not;
 * - `{ segment }` holds when the request is in the segment;
 * - `all`, `any` and `not` are plain conjunction, disjunction and complement: `not` of a missing value is true.
 *
 * `ignoreCase` folds ASCII letters only; in `matches` it is RE2's `(?i)`.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly segment: string }
  | FactCondition;

/** A test on one fact. Exactly one operator stands beside `fact`. */
export type FactCondition = { readonly fact: string; readonly ignoreCase?: boolean } & {
  readonly [Name in OperatorName]?: unknown;
} & { readonly exists?: boolean };

/** Whether a condition holds for a request. */
export type Predicate = (request: RequestFacts) => boolean;

/** A checked condition: what was written, as a tree that can be looked at, and the predicate that it is compiled to. */
export type ConditionNode =
  | { readonly kind: 'all' | 'any'; readonly parts: readonly ConditionNode[]; readonly holds: Predicate }
  | { readonly kind: 'not'; readonly part: ConditionNode; readonly holds: Predicate }
  | { readonly kind: 'segment'; readonly name: string; readonly part: ConditionNode; readonly holds: Predicate }
  | TestNode;

/** A checked test on one fact. */
export interface TestNode {
  readonly kind: 'test';
  /** The fact's notation: `header.x-tester`. */
  readonly fact: string;
  readonly read: FactReader;
  readonly operator: OperatorName | 'exists';
  readonly operand: unknown;
  readonly ignoreCase: boolean;
  readonly holds: Predicate;
}

/** What a condition may refer to. */
export interface ConditionScope {
  readonly facts: FactTable;
  /** Compiled segments by name, undefined for one that has mistakes of its own. Missing within a segment. */
  readonly segments?: ReadonlyMap<string, ConditionNode | undefined>;
}

/** How deep conditions may be nested. */
export const MAX_DEPTH = 16;

const COMBINATIONS = ['all', 'any', 'not', 'segment'] as const;
const OPERATOR_NAMES = Object.keys(OPERATORS) as OperatorName[];

/** Compiles a condition, or reports all that is wrong with it and returns undefined. */
export function compileCondition(value: Value, scope: ConditionScope, depth = 0): ConditionNode | undefined {
  if (depth > MAX_DEPTH) return value.fail(`is nested more than ${MAX_DEPTH} deep`);
  if (value.at('fact').present) return compileTest(value, scope);
  const fields = value.fields([...COMBINATIONS, 'fact']);
  if (!fields) return undefined;
  const [form, second] = COMBINATIONS.filter((name) => fields[name]);
  if (!form) return value.fail(`must have one of ${COMBINATIONS.join(', ')} or fact`);
  if (second) return value.fail(`has both ${form} and ${second}: put them into one all: [ … ]`);
  const inner = value.at(form);
  switch (form) {
    case 'all':
    case 'any': {
      const parts = inner.list(1)?.map((part) => compileCondition(part, scope, depth + 1));
      if (!parts?.every((part) => part !== undefined)) return undefined;
      return { kind: form, parts, holds: form === 'all' ? allOf(parts) : anyOf(parts) };
    }
    case 'not': {
      const part = compileCondition(inner, scope, depth + 1);
      return part && { kind: 'not', part, holds: (request) => !part.holds(request) };
    }
    case 'segment':
      return segmentOf(inner, scope);
  }
}

function allOf(parts: readonly ConditionNode[]): Predicate {
  return (request) => {
    for (const part of parts) if (!part.holds(request)) return false;
    return true;
  };
}

function anyOf(parts: readonly ConditionNode[]): Predicate {
  return (request) => {
    for (const part of parts) if (part.holds(request)) return true;
    return false;
  };
}

function segmentOf(value: Value, scope: ConditionScope): ConditionNode | undefined {
  const name = value.text();
  if (name === undefined) return undefined;
  if (!scope.segments) return value.fail('a segment cannot be made of other segments: write their conditions out');
  if (!scope.segments.has(name)) {
    return value.fail(`no segment is called "${name}"${suggest(name, [...scope.segments.keys()])}`);
  }
  const part = scope.segments.get(name);
  return part && { kind: 'segment', name, part, holds: part.holds };
}

/** Compiles `{ fact, OPERATOR: operand, ignoreCase? }`. */
function compileTest(value: Value, scope: ConditionScope): TestNode | undefined {
  const fields = value.fields(['fact', 'exists', 'ignoreCase', ...OPERATOR_NAMES]);
  const read = scope.facts.reader(value.at('fact'));
  if (!fields) return undefined;
  const ignoreCase = fields.ignoreCase?.boolean() ?? false;
  const names = (['exists', ...OPERATOR_NAMES] as const).filter((name) => fields[name]);
  const [operator, second] = names;
  if (!operator) return value.fail(`must have an operator: exists, ${OPERATOR_NAMES.join(', ')}`);
  if (second) return value.fail(`has both ${operator} and ${second}: put two conditions into all: [ … ]`);
  const operand = value.at(operator);
  const holds =
    operator === 'exists' ? compileExists(operand, read) : compileOperator(operator, operand, ignoreCase, read);
  if (!read || !holds) return undefined;
  return {
    kind: 'test',
    fact: value.at('fact').raw as string,
    read,
    operator,
    operand: operand.raw,
    ignoreCase,
    holds,
  };
}

function compileExists(operand: Value, read: FactReader | undefined): Predicate | undefined {
  const wanted = operand.boolean();
  return wanted === undefined || !read ? undefined : (request) => (read(request) !== undefined) === wanted;
}

function compileOperator(
  name: OperatorName,
  operand: Value,
  ignoreCase: boolean,
  read: FactReader | undefined,
): Predicate | undefined {
  const test = OPERATORS[name](operand, ignoreCase);
  return read && test && presentAnd(read, test);
}

/** Holds when the fact is there and fulfils the test. */
export function presentAnd(read: FactReader, test: Test): Predicate {
  return (request) => {
    const found = read(request);
    return found !== undefined && test(found);
  };
}
