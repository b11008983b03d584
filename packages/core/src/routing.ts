import { type Lane, STABLE } from './lane.ts';
import type { Policy } from './policy.ts';

/** Why a wanted lane is treated as stable although the request carries it. */
export type StaleReason = 'unknown-lane' | 'disabled-lane';

/** Where a call may go: the lanes to try, in order. */
export interface Chain {
  /** The wanted lane first; stable last unless the lane is strict here. */
  readonly lanes: readonly Lane[];
  /** Set when the policy does not know the wanted lane or has switched it off. */
  readonly stale?: StaleReason;
}

/** What a policy says about picks. Without a policy, every lane falls back to stable. */
export interface Routing {
  /** The lanes that calls of `wanted` to `service` may use. */
  chain(service: string, wanted: Lane): Chain;
  /** How many ready instances make a lane present in a service. */
  minReady(service: string): number;
  /** The lanes that the policy declares, or undefined without a policy. */
  readonly declared: ReadonlySet<string> | undefined;
}

const STABLE_CHAIN: Chain = { lanes: [STABLE] };

/** Routing where no policy is known: each lane, then stable. */
export const DEFAULT_ROUTING: Routing = {
  chain: (_service, wanted) => (wanted === STABLE ? STABLE_CHAIN : { lanes: [wanted, STABLE] }),
  minReady: () => 1,
  declared: undefined,
};

/** The routing that a policy declares. */
export function createRouting(policy: Policy): Routing {
  return {
    chain: (service, wanted) => chainOf(policy, service, wanted),
    minReady: (service) => own(policy.services, service)?.minReady ?? 1,
    declared: new Set(Object.keys(policy.lanes)),
  };
}

/** A service's word about a lane goes before the lane's own, the lane's own before the default. */
function chainOf(policy: Policy, service: string, wanted: Lane): Chain {
  if (wanted === STABLE) return STABLE_CHAIN;
  if (!Object.hasOwn(policy.lanes, wanted)) return { lanes: [STABLE], stale: 'unknown-lane' };
  const lane = policy.lanes[wanted] ?? {};
  if (lane.enabled === false) return { lanes: [STABLE], stale: 'disabled-lane' };
  const override = own(own(policy.services, service)?.fallback ?? {}, wanted);
  if (override === 'strict') return { lanes: [wanted] };
  const further = (override ?? lane.fallback ?? []).filter((next) => own(policy.lanes, next)?.enabled !== false);
  const last = lane.strict && override === undefined ? [] : [STABLE];
  return { lanes: [wanted, ...further, ...last] };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
