import { type Instance, STABLE } from '@graylane/core';

/** A push that was not believed at once. */
export interface Doubt {
  /** When the doubt began, in milliseconds. */
  readonly since: number;
  /** Whether it is about every absence, because the source had only just begun, or about a collapse of stable. */
  readonly of: 'beginner' | 'collapse';
}

/** When to doubt a push. */
export interface DoubtOptions {
  /** How long a suspicious push must stand before it is believed, in milliseconds. Default 30,000; 0 believes at once. */
  readonly doubtMs: number;
  /** A push is suspicious when less than this share of the stable instances is left. Default 0.2. */
  readonly collapseShare: number;
}

/** What a source says of one service. */
export interface Push {
  readonly instances: readonly Instance[];
  /** Ids that are known to have gone on purpose: their absence is not doubted. */
  readonly left: ReadonlySet<string>;
  /**
   * How long the source itself has run, in milliseconds: one that has only just begun cannot know all instances yet.
   * Infinite for one that does not forget, and for a change, which says nothing of that.
   */
  readonly ageMs: number;
}

/** What to go on with after a push. */
export interface Judged {
  readonly instances: readonly Instance[];
  /** Set while the push is doubted: judge it again later. */
  readonly doubt: Doubt | undefined;
}

/**
 * Judges what a source pushes for a service against the list in use. A registry that restarts, or loses its disk, says
 * "nothing there" of services that run perfectly well. So the disappearance of all or nearly all *stable* instances is
 * doubted for a while, and those in use are kept; a *lane's* disappearance is believed at once, because its calls fall
 * back to stable, which is always safe. A source that says itself that it has only just begun is doubted about every
 * instance that it does not list, until it lists as many of its lane as before or is `doubtMs` old: counted from its
 * beginning, so that a process that starts late does not keep longer than others what it finds on its disk. What a push
 * says of an instance that it lists is always believed.
 */
export function judge(
  inUse: readonly Instance[],
  push: Push,
  doubt: Doubt | undefined,
  now: number,
  options: DoubtOptions,
): Judged {
  const began = push.ageMs < options.doubtMs;
  const of = began ? 'beginner' : (doubt?.of ?? 'collapse');
  const needed = (lane: string, expected: number): number => {
    if (of === 'beginner') return expected;
    return lane === STABLE ? Math.max(1, expected * options.collapseShare) : 0;
  };
  const listed = new Set(push.instances.map(({ id }) => id));
  const expected = inUse.filter(({ id }) => !push.left.has(id));
  const missing = [...Map.groupBy(expected, ({ lane }) => lane)].flatMap(([lane, before]) => {
    const still = push.instances.filter((instance) => instance.lane === lane).length;
    return still < needed(lane, before.length) ? before.filter(({ id }) => !listed.has(id)) : [];
  });
  const since = began ? now - push.ageMs : (doubt?.since ?? now);
  if (missing.length === 0 || now - since >= options.doubtMs) return { instances: push.instances, doubt: undefined };
  return { instances: [...push.instances, ...missing], doubt: { since, of } };
}
