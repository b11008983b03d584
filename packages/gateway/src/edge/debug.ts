import { authorityOf, type Decision, type Instance, toBytes } from '@graylane/core';
import type { VerifiedPass } from './pass.ts';
import { createTokenBuckets, type Rate } from './token-bucket.ts';

/** What the holder of a debug pass is told of an answer. */
export interface DebugFacts {
  readonly decision: Decision;
  /** The policy's revision; undefined when there is no policy. */
  readonly revision: string | undefined;
  /** The instance that answered; undefined when none did. */
  readonly instance: Instance | undefined;
}

/** How often passes of one key are told. */
export const DEBUG_RATE: Rate = { perSecond: 10, burst: 50 };

/** The answer's header lines for a request: none for whoever holds no debug pass, or asks too often. */
export type DebugLines = (pass: VerifiedPass | undefined, facts: DebugFacts) => readonly string[];

/** Creates what tells holders of debug passes where their answers came from. */
export function createDebug(now: () => number = () => performance.now(), rate: Rate = DEBUG_RATE): DebugLines {
  const mayTell = createTokenBuckets(rate, now);
  return (pass, facts) => (pass?.debug && mayTell(pass.key) ? debugLines(facts) : []);
}

/** Header lines that say which lane a request was in and why, who answered, and by which policy. */
export function debugLines({ decision, revision, instance }: DebugFacts): readonly string[] {
  const lines = ['x-graylane-lane', decision.lane, 'x-graylane-rule', ruleOf(decision)];
  if (instance) lines.push('x-graylane-instance', `${authorityOf(instance)} (${instance.lane})`);
  if (revision !== undefined) lines.push('x-graylane-revision', revision);
  return lines;
}

/** The rule's name, or in brackets what decided instead; names may hold what no header may. */
function ruleOf(decision: Decision): string {
  if (!('rule' in decision)) return `(${decision.by})`;
  return toBytes(decision.rule.replace(/\p{Cc}/gu, ' '));
}
