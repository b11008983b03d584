import type { RequestFacts } from '@graylane/core';
import { PASS_FAULTS, type PassFault, type PassRules, type VerifiedPass, verifyPass } from './pass.ts';
import { type CarriedPass, readPass } from './pass-carrier.ts';

/** What a request's pass leads to. */
export type PassCheck =
  /** There is none, or one of a header or cookie that is not valid (any more), which is as good as none. */
  | { readonly kind: 'none'; readonly fault?: PassFault }
  /** The request is in the pass's lane. */
  | { readonly kind: 'held'; readonly pass: VerifiedPass }
  /** A link was followed: the client gets the pass as a cookie, and asks again without it. */
  | { readonly kind: 'link'; readonly pass: VerifiedPass; readonly text: string }
  /** A link that is not valid: who follows it means to be in a lane and must not be in another without knowing. */
  | { readonly kind: 'bad-link'; readonly fault: PassFault; readonly message: string };

const FOLLOWED: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Checks the pass that a request brings. A request that may not be sent twice goes on with the pass of its link. */
export function checkPass(facts: RequestFacts, rules: PassRules): PassCheck {
  const carried = readPass(facts);
  if (!carried) return { kind: 'none' };
  const pass = verifyPass(carried.text, rules, facts.time);
  if (typeof pass === 'string') return faultOf(carried, pass);
  if (carried.in === 'link' && FOLLOWED.has(facts.method)) return { kind: 'link', pass, text: carried.text };
  return { kind: 'held', pass };
}

function faultOf(carried: CarriedPass, fault: PassFault): PassCheck {
  if (carried.in !== 'link') return { kind: 'none', fault };
  return { kind: 'bad-link', fault, message: `the link's pass cannot be used: ${PASS_FAULTS[fault]}` };
}
