import type { Cost } from './measure.ts';

/** What was measured, by {@link keyOf}: one cost for each round. */
export type Costs = ReadonlyMap<string, readonly Cost[]>;

/** The name under which a contender's costs of a question are kept. */
export function keyOf(question: string, contender: string): string {
  return `${question}: ${contender}`;
}

/** The time of one key as a multiple of another's, each round for itself. */
export function ratiosOf(costs: Costs, of: string, to: string): number[] {
  const base = costs.get(to) ?? [];
  return (costs.get(of) ?? []).flatMap(({ ns }, round) => (base[round] ? [ns / base[round].ns] : []));
}
