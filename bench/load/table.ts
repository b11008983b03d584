import type { Table } from '../report.ts';
import { median, spread } from '../statistics.ts';
import type { Round } from './rounds.ts';

/** The CPU ratios of two contenders, each round for itself. */
export function ratiosOf(rounds: readonly Round[], of: string, to: string): number[] {
  return rounds.flatMap(({ samples }) => {
    const [one, other] = [samples.get(of), samples.get(to)];
    return one && other ? [one.cpu / other.cpu] : [];
  });
}

/** The median ratio of two contenders; undefined when one of them was not measured. */
export function ratioOf(rounds: readonly Round[], of: string, to: string): number | undefined {
  return spread(ratiosOf(rounds, of, to))?.median;
}

/** A table of contenders, with ratios to the base of the same round. */
export function tableOf(title: string, rounds: readonly Round[], base: string): Table {
  const names = new Set(rounds.flatMap((round) => [...round.samples.keys()]));
  const rows = [...names].map((name) => {
    const samples = rounds.flatMap((round) => round.samples.get(name) ?? []);
    const middle = (key: 'cpu' | 'rate' | 'p50' | 'p99' | 'resident'): number =>
      median(samples.map((sample) => sample[key]));
    return {
      name,
      ratio: spread(ratiosOf(rounds, name, base)),
      rounds: samples.length,
      resident: Math.round(middle('resident')),
      cpu: middle('cpu'),
      rate: Math.round(middle('rate')),
      p50: middle('p50'),
      p99: middle('p99'),
    };
  });
  return {
    title,
    columns: [
      { key: 'name', title: 'contender' },
      { key: 'ratio', title: `CPU x ${base} (range)` },
      { key: 'rounds', title: 'rounds' },
      { key: 'resident', title: 'RSS MB' },
      { key: 'cpu', title: 'raw us/req' },
      { key: 'rate', title: 'raw req/s' },
      { key: 'p50', title: 'raw p50 ms' },
      { key: 'p99', title: 'raw p99 ms' },
    ],
    rows: rows.toSorted((a, b) => (a.ratio?.median ?? 0) - (b.ratio?.median ?? 0)),
  };
}
