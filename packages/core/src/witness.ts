import type { ByteText } from './bytes.ts';
import type { ConditionNode, TestNode } from './condition.ts';
import type { CompiledPolicy } from './decide.ts';
import { carrierOf, valueFor } from './fact-values.ts';
import type { RequestFacts } from './facts.ts';
import { type FormulaScope, formulaOf, type Literal, valueTest } from './formula.ts';
import type { Test } from './operators.ts';
import { requestWith } from './request-builder.ts';
import { type Branch, branches, type Effort } from './tableau.ts';

/** A condition that is to hold, or is not to. */
export interface Demand {
  readonly node: ConditionNode;
  readonly wanted: boolean;
}

/** What is known of some demands: a request that fulfils them all, that there is none, or nothing. */
export type Answer =
  | { readonly kind: 'request'; readonly request: RequestFacts }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** How a {@link Solver} looks for requests. */
export interface SolverOptions {
  /** The time of requests of which none is asked, in milliseconds since the epoch. */
  readonly now: number;
  /** Segments of which nobody knows the members: what depends on them is not answered. Default: none. */
  readonly unknownSegments?: ReadonlySet<string>;
  /** How many steps may be made in all; later questions are not answered. Default 2,000,000, some seconds. */
  readonly effort?: number;
}

/** How many steps one question may take, and how many ways to a request are followed. */
const STEPS = 4_000;
const WAYS = 64;

/**
 * Finds requests for conditions of one policy. What it finds is verified by the conditions themselves, so a request is
 * right however it was guessed. That there is none is a proof. It is silent about what it cannot tell: above all how
 * expressions (`matches`) exclude each other.
 */
export class Solver {
  readonly #facts: CompiledPolicy['facts'];
  readonly #scope: FormulaScope;
  readonly #now: number;
  readonly #effort: Effort;

  constructor({ policy, facts }: Pick<CompiledPolicy, 'policy' | 'facts'>, options: SolverOptions) {
    const tests = new Map<TestNode, Test>();
    const testOf = (node: TestNode): Test => {
      const test = tests.get(node) ?? valueTest(node);
      tests.set(node, test);
      return test;
    };
    this.#facts = facts;
    this.#now = options.now;
    this.#effort = { left: options.effort ?? 2_000_000 };
    this.#scope = { attributes: policy.attributes, unknownSegments: options.unknownSegments ?? new Set(), testOf };
  }

  /** Whether later questions are answered with `unknown` because too much was asked. */
  get isExhausted(): boolean {
    return this.#effort.left <= 0;
  }

  /** A request that fulfils all demands, or that there is none. */
  solve(demands: readonly Demand[]): Answer {
    const effort = this.#start();
    let ways = 0;
    for (const branch of this.#branches(demands, effort)) {
      const request = branch.known ? this.#requestOf(branch) : undefined;
      if (request && demands.every(({ node, wanted }) => this.holds(node, request) === wanted))
        return { kind: 'request', request };
      if (++ways === WAYS) break;
    }
    return ways === 0 && effort.left > 0 ? { kind: 'none' } : { kind: 'unknown' };
  }

  /** Whether no request can fulfil all demands, for certain. */
  isImpossible(demands: readonly Demand[]): boolean {
    const effort = this.#start();
    for (const _ of this.#branches(demands, effort)) return false;
    return effort.left > 0;
  }

  /** Whether a condition holds for a request. */
  holds(node: ConditionNode, request: RequestFacts): boolean {
    this.#facts.begin();
    return node.holds(request);
  }

  #start(): Effort {
    return { left: Math.min(STEPS, this.#effort.left) };
  }

  *#branches(demands: readonly Demand[], effort: Effort): Generator<Branch> {
    const before = effort.left;
    try {
      yield* branches(
        demands.map(({ node, wanted }) => formulaOf(node, wanted, this.#scope)),
        effort,
      );
    } finally {
      this.#effort.left -= before - effort.left + 1;
    }
  }

  #requestOf({ literals }: Branch): RequestFacts | undefined {
    const values = new Map<string, ByteText>();
    for (const [carrier, group] of Map.groupBy<string, Literal>(literals, carrierOf)) {
      const value = valueFor(carrier, group, this.#now);
      if (value === 'none') return undefined;
      if (value !== undefined) values.set(carrier, value);
    }
    return requestWith(values, this.#now);
  }
}

/** A request for which a condition of a policy holds, or, if not `wanted`, does not; undefined when none was found. */
export function witness(
  node: ConditionNode,
  wanted: boolean,
  compiled: Pick<CompiledPolicy, 'policy' | 'facts'>,
  options: SolverOptions = { now: 0 },
): RequestFacts | undefined {
  const answer = new Solver(compiled, options).solve([{ node, wanted }]);
  return answer.kind === 'request' ? answer.request : undefined;
}
