/** What an engine is loaded with: by a user's name, some users are gray. */
export type RuleSet =
  /** So many rules, each of which compares the user with one name; the last one matches. */
  | { readonly kind: 'equality'; readonly count: number }
  /** A share of the users, by hashed name. */
  | { readonly kind: 'percentage'; readonly percentage: number }
  /** A list of so many names. */
  | { readonly kind: 'segment'; readonly size: number };

/** The user of a request: gray by the rules, but for a percentage, where each request has another user. */
export function userOf(rules: RuleSet, at: number): string {
  switch (rules.kind) {
    case 'equality':
      return `user-${rules.count - 1}`;
    case 'percentage':
      return `user-${at}`;
    case 'segment':
      return `user-${rules.size - 1 - (at % 100)}`;
  }
}

/** Whether an engine's lane can be right. Each hashes in its own way, so a percentage may answer either. */
export function isRightLane(rules: RuleSet, lane: string): boolean {
  return lane === 'gray' || (rules.kind === 'percentage' && lane === 'stable');
}
