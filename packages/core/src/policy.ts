import type { Condition } from './condition.ts';
import type { Lane } from './lane.ts';

/**
 * Lanes, segments and ordered rules: what files, API and console share, as plain data. Made by `parsePolicy`, which has
 * checked every reference in it. Immutable; a change is a new policy.
 */
export interface Policy {
  readonly version: 1;
  readonly lanes: Readonly<Record<string, LaneDeclaration>>;
  /** Named facts: each is the first fact of its list that is present and not empty. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly segments: Readonly<Record<string, Segment>>;
  /** In order: the first that matches decides; none means stable. */
  readonly rules: readonly Rule[];
  readonly services: Readonly<Record<string, ServiceRouting>>;
}

/** What is known of a lane. */
export interface LaneDeclaration {
  /** Who to ask about it. */
  readonly owner?: string;
  readonly description?: string;
  /** When it should be gone (RFC 3339 date or time); for people and lint, nothing stops then. */
  readonly expires?: string;
  /** False: carried, but picked as stable, and no other lane falls back to it. Default true. */
  readonly enabled?: boolean;
  /** Lanes to try, in order, where a service has no instance of this one. Stable comes last by itself. */
  readonly fallback?: readonly Lane[];
  /** True: never falls back to stable; a service without an instance of the lane refuses. Default false. */
  readonly strict?: boolean;
  /** The origin of a whole other environment: an entry sends the lane's requests there, and nothing is carried. */
  readonly environment?: string;
}

/** A set of requests: those whose fact is in a list, or in the lines of a file, or that fulfil a condition. */
export type Segment =
  | { readonly fact: string; readonly in: readonly string[] }
  | { readonly fact: string; readonly file: string }
  | { readonly when: Condition };

/** What matching requests get: a lane, or a share of them one. */
export type Rule = {
  readonly name: string;
  readonly description?: string;
  /** Without it, every request matches. */
  readonly when?: Condition;
} & ({ readonly lane: Lane } | { readonly split: Split });

/** Shares of users by hashed key. */
export interface Split {
  /** The fact that is hashed. A request without it is stable. */
  readonly by: string;
  /** Default: the rule's name. Who is in depends on it, so it stays as it is while a split runs. */
  readonly salt?: string;
  /**
   * Per cent of each lane, in steps of 0.001, together at most 100. Ranges follow each other in this order, from 0: a
   * share that grows takes users from stable when it is the last one, and moves the lanes behind it otherwise.
   */
  readonly lanes: Readonly<Record<string, number>>;
}

/** How calls to one service differ from what its lanes say. */
export interface ServiceRouting {
  /** By wanted lane: `strict`, or the lanes to try before stable. */
  readonly fallback?: Readonly<Record<string, 'strict' | readonly Lane[]>>;
  /** How many ready instances a lane must have here to count as present. Default 1. */
  readonly minReady?: number;
}
