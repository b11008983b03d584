import type { Policy } from './policy.ts';

/** The facts that a policy looks at, by their names: `header.x-tester`, `cookie.uid`; those behind its attributes too. */
export function factsRead({ attributes, segments, rules }: Policy): ReadonlySet<string> {
  const found = new Set(Object.values(attributes).flat());
  collect(segments, found);
  collect(rules, found);
  return found;
}

/** A condition names its fact under `fact`, and a split its key under `by`. */
function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && (key === 'fact' || key === 'by')) found.add(inner);
    else collect(inner, found);
  }
}
