import {
  type CompiledPolicy,
  type Decision,
  type Explanation,
  explain,
  explainPicks,
  type HopExplanation,
  type RequestFacts,
} from '@graylane/core';
import type { Snapshot } from '@graylane/sources';
import type { ExchangeRecord } from '../record.ts';

/** Why a request would have its lane by the policy in force, and which instance each service would answer with. */
export interface LiveExplanation extends Explanation {
  readonly hops: readonly HopExplanation[];
}

/** What happened to a request that came a moment ago, and what would happen to it now. */
export interface RecentExplanation {
  readonly requestID: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly host: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  readonly ip: string;
  readonly was: {
    readonly decision?: Decision;
    readonly service?: string;
    readonly pick?: string;
    readonly because?: string;
    readonly servedBy?: string;
    readonly instance?: string;
    readonly status: number;
    readonly error?: string;
    readonly detail?: string;
    readonly ms: number;
  };
  /** By the rules in force. Undefined when the request was refused before them, or its lane was carried or by a pass. */
  readonly now?: LiveExplanation;
  /** Whether the lane would be another one now. Undefined for one that a cookie keeps, which the rules alone cannot say. */
  readonly changed?: boolean;
}

/** Explains a request by the policy in force; undefined when there is none. */
export function explainLive(
  policy: CompiledPolicy | undefined,
  { services }: Snapshot,
  request: RequestFacts,
): LiveExplanation | undefined {
  if (!policy) return undefined;
  const explanation = explain(policy, request);
  const hops = explainPicks([...services.values()].flat(), policy.routing, explanation.decision.lane);
  return { ...explanation, hops };
}

/** Explains a request that came a moment ago: what was decided then, and what would be decided now. */
export function explainRecent(
  policy: CompiledPolicy | undefined,
  snapshot: Snapshot,
  exchange: ExchangeRecord,
): RecentExplanation {
  const { requestID = '', at, method, host, target, ip, decision, facts } = exchange;
  const rulesApply = facts !== undefined && decision && decision.by !== 'carried' && decision.by !== 'pass';
  const now = rulesApply ? explainLive(policy, snapshot, facts) : undefined;
  const changed = decision?.by === 'pinned' ? undefined : now && now.decision.lane !== decision?.lane;
  const path = target.split('?', 1)[0] as string;
  return {
    ...{ requestID, at, method, host, path, ip },
    was: outcomeOf(exchange),
    ...(now && { now }),
    ...(changed !== undefined && { changed }),
  };
}

function outcomeOf({ decision, service, pick, status, error, detail, ms }: ExchangeRecord): RecentExplanation['was'] {
  return {
    ...(decision && { decision }),
    ...(service !== undefined && { service }),
    ...(pick && { pick: pick.kind, ...('because' in pick && { because: pick.because }) }),
    ...(pick && 'instance' in pick && { servedBy: pick.lane, instance: pick.instance.id }),
    status,
    ...(error && { error }),
    ...(detail !== undefined && { detail }),
    ms: Math.round(ms * 10) / 10,
  };
}
