import { median } from '../statistics.ts';
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

/** The most bytes that a call of ours leaves in any question that begins so; undefined when none was measured. */
export function mostBytesOfOurs(costs: Costs, question: string): number | undefined {
  const ours = [...costs].filter(([key]) => key.startsWith(question) && key.includes(': graylane'));
  return ours.length === 0
    ? undefined
    : Math.max(...ours.map(([, measured]) => median(measured.map(({ bytes }) => bytes))));
}
