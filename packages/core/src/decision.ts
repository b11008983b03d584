import type { Lane } from './lane.ts';

/** The lane of a request and why: what an entry finds out once and everything behind it follows. */
export type Decision =
  /** A rule matched and named the lane. */
  | { readonly by: 'rule'; readonly lane: Lane; readonly rule: string }
  /** A rule with a split matched; the key's bucket says the lane, stable where it is in no lane's range. */
  | { readonly by: 'split'; readonly lane: Lane; readonly rule: string }
  /** A rule with a split matched, but the request lacks the key: stable, never random. */
  | { readonly by: 'no-key'; readonly lane: Lane; readonly rule: string }
  /** No rule matched. */
  | { readonly by: 'default'; readonly lane: Lane }
  /** The request came with its lane from where it is trusted. */
  | { readonly by: 'carried'; readonly lane: Lane }
  /** Its sender holds a signed pass for the lane; no rule was asked. */
  | { readonly by: 'pass'; readonly lane: Lane }
  /** A rule with a split matched, and the user stays in the lane that it gave him before. */
  | { readonly by: 'pinned'; readonly lane: Lane; readonly rule: string };
