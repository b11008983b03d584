import { parseRequest } from '@graylane/core';
import type { Gateway } from '../gateway.ts';
import { describeStatus } from './describe-status.ts';
import { explainLive, explainRecent, type LiveExplanation, type RecentExplanation } from './live-explanation.ts';
import type { GatewayMetrics, MetricValues } from './metrics.ts';
import type { Recent } from './recent.ts';

/** Whether a gateway should get requests. */
export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
}

/** What an admin server can be asked. Answers may come from other processes. */
export interface AdminAnswers {
  readiness(): Promise<Readiness>;
  /** A plain object. */
  status(): Promise<object>;
  metrics(): Promise<MetricValues>;
  /**
   * @param request as `spec/requests.md` writes it
   * @throws GraylaneError `GL_CONFIG_INVALID` with its mistakes
   */
  explain(request: unknown): Promise<LiveExplanation | undefined>;
  /** Undefined for a request that is not among the last ones. */
  recent(requestID: string): Promise<RecentExplanation | undefined>;
}

/** What a gateway in this process answers from. */
export interface AnswerParts {
  readonly gateway: Gateway;
  readonly metrics: GatewayMetrics;
  readonly recent: Recent;
  /** What else the status says: the configuration's revision, listeners. Default nothing. */
  readonly about?: () => object;
}

/** Answers for a gateway in this process. */
export function answerFor({ gateway, metrics, recent, about = () => ({}) }: AnswerParts): AdminAnswers {
  return {
    async readiness() {
      const { ready, draining } = gateway.status();
      return { ready, draining };
    },
    status: async () => ({ ...describeStatus(gateway), ...about() }),
    metrics: () => metrics.values(),
    explain: async (request) => explainLive(gateway.policy(), gateway.snapshot(), parseRequest(request, Date.now())),
    async recent(requestID) {
      const exchange = recent.find(requestID);
      return exchange && explainRecent(gateway.policy(), gateway.snapshot(), exchange);
    },
  };
}
