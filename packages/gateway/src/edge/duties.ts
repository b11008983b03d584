import { type CompiledPolicy, factsRead } from '@graylane/core';
import { ANONYMOUS_COOKIE } from './anonymous-id.ts';
import type { PinOptions } from './lane-pin.ts';
import type { MirrorRule } from './mirror.ts';
import type { MirrorLimits } from './mirror-send.ts';
import type { OpenGeo } from './open-geo.ts';
import type { OpenToken } from './open-token.ts';
import type { PassRules } from './pass.ts';

/** What a gateway does at the edge beside deciding by rules. Each duty only where it is asked for. */
export interface EdgeDuties {
  /** Believes signed passes that put their holders into a lane. */
  readonly passes?: PassRules;
  /** Keeps users in the lane that a split gave them. */
  readonly pin?: PinOptions & { readonly keys: PassRules['keys'] };
  /** Verifies tokens, whose claims are facts. */
  readonly token?: OpenToken;
  /** Knows places, which are facts. */
  readonly geo?: OpenGeo;
  /** Sends copies of requests to a lane. */
  readonly mirror?: { readonly rules: readonly MirrorRule[]; readonly limits: MirrorLimits };
}

const asking = new WeakMap<CompiledPolicy, boolean>();

/** Whether a policy asks for visitors to be given an id: by naming the cookie that holds it. */
export function asksForID(policy: CompiledPolicy | undefined): boolean {
  if (!policy) return false;
  let asks = asking.get(policy);
  if (asks === undefined) {
    asks = factsRead(policy.policy).has(`cookie.${ANONYMOUS_COOKIE}`);
    asking.set(policy, asks);
  }
  return asks;
}
