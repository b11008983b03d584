import type { Instance, Lane } from '@graylane/core';
import { fresh, times } from './probe.ts';

/** So many instances of a service: a tenth is gray, of three all are; one in twenty is down, weights from 1 to 5. */
export function instancesOf(size: number): Instance[] {
  const step = Math.min(10, Math.floor(size / 2)); // one candidate alone would need no choice
  return times(size, (at) => ({
    id: `i${at}`,
    service: 'orders',
    host: `10.0.${at >> 8}.${at & 255}`,
    port: 8080,
    lane: at % step === 0 ? 'gray' : 'stable',
    weight: 1 + (at % 5),
    zone: '',
    state: at % 20 === 19 ? 'down' : 'ready',
    metadata: { lane: at % step === 0 ? 'gray' : 'stable' },
  }));
}

/** The lane of each request, read from a header of its own. */
export function lanes(count: number): Lane[] {
  return times(count, () => fresh('gray') as Lane);
}

/** One of some instances by weight; undefined for none. */
export function drawByWeight<Weighed extends { readonly weight: number }>(
  candidates: readonly Weighed[],
): Weighed | undefined {
  let point = Math.random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  for (const candidate of candidates) {
    point -= candidate.weight;
    if (point < 0) return candidate;
  }
  return candidates[0];
}
