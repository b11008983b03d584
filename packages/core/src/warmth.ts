/** In how many steps an instance warms up: each makes a new picker, so they are few. */
const STEPS = 10;

/**
 * The share of its weight that an instance gets this long after it came, from a tenth to 1 in ten steps over `windowMs`:
 * caches and compilers need a while before an instance is as fast as the others. Linear, as Envoy's slow start is with an
 * aggression of 1: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start
 */
export function warmth(ageMs: number, windowMs: number): number {
  if (ageMs >= windowMs) return 1;
  return Math.max(1, Math.floor((ageMs / windowMs) * STEPS)) / STEPS;
}

/** The age at which {@link warmth} grows next; Infinity when it does not any more. */
export function nextWarmth(ageMs: number, windowMs: number): number {
  if (ageMs >= windowMs) return Number.POSITIVE_INFINITY;
  const step = Math.max(2, Math.floor((ageMs / windowMs) * STEPS) + 1);
  return (step * windowMs) / STEPS;
}
