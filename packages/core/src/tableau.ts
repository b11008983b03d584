import { contradicts } from './contradiction.ts';
import type { Formula, Literal } from './formula.ts';

/** How much may be tried. Runs down; at 0 the search ends without an answer. */
export interface Effort {
  left: number;
}

/** One way in which formulas can come true: literals of which no two are known to exclude each other. */
export interface Branch {
  readonly literals: readonly Literal[];
  /** False when the way also needs something that nobody can look at. */
  readonly known: boolean;
}

/**
 * The ways in which all of some formulas can come true, lazily. None at all, with effort left, is a proof that they never
 * do. The method of analytic tableaux (Smullyan, First-Order Logic, 1968) with unit propagation: of the alternatives that
 * are open the shortest is tried first, without the parts that what is already known excludes.
 */
export function* branches(formulas: readonly Formula[], effort: Effort): Generator<Branch> {
  yield* extend({ literals: new Map(), choices: [], known: true }, formulas, effort);
}

interface State {
  readonly literals: ReadonlyMap<string, readonly Literal[]>;
  readonly choices: readonly Choice[];
  readonly known: boolean;
}

/** Formulas of which one must come true. */
type Choice = readonly Formula[];

function* extend(state: State, formulas: readonly Formula[], effort: Effort): Generator<Branch> {
  const next = take(state, formulas, effort);
  if (!next || effort.left <= 0) return;
  const choices = next.choices.map((parts) => parts.filter((part) => isOpen(next, part, effort)));
  const shortest = choices.reduce<Choice | undefined>(
    (best, choice) => (best && best.length <= choice.length ? best : choice),
    undefined,
  );
  if (!shortest) {
    yield { literals: [...next.literals.values()].flat(), known: next.known };
    return;
  }
  const rest = { ...next, choices: choices.filter((choice) => choice !== shortest) };
  for (const part of shortest) yield* extend(rest, [part], effort);
}

/** The state with formulas added, or undefined when they are excluded. */
function take(state: State, formulas: readonly Formula[], effort: Effort): State | undefined {
  const literals = new Map(state.literals);
  const choices = [...state.choices];
  let { known } = state;
  const todo = [...formulas];
  for (let formula = todo.pop(); formula; formula = todo.pop()) {
    if (formula.kind === 'literal') {
      const beside = [...(literals.get(formula.fact) ?? []), formula];
      literals.set(formula.fact, beside);
      effort.left--;
      if (contradicts(beside)) return undefined;
    } else if (formula.kind === 'unknown') known = false;
    else if (formula.kind === 'any') choices.push(formula.parts);
    else todo.push(...formula.parts);
  }
  return { literals, choices, known };
}

function isOpen(state: State, part: Formula, effort: Effort): boolean {
  if (part.kind !== 'literal') return true;
  effort.left--;
  return !contradicts([...(state.literals.get(part.fact) ?? []), part]);
}
