import type { CompiledPolicy } from '@graylane/core';
import type { Router } from '@graylane/node';
import type { Edge } from './edge/edge.ts';
import type { ExchangeRecord } from './record.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { RouteTable } from './routes.ts';
import type { Trust } from './trust.ts';
import type { Upstream } from './upstream.ts';
import type { Via } from './via.ts';

/** All that handling a request needs. */
export interface GatewayParts {
  readonly routes: RouteTable;
  readonly router: Router;
  /** The policy in force; undefined before one is known: then everything is stable. */
  readonly policy: () => CompiledPolicy | undefined;
  readonly trust: Trust;
  readonly via: Via;
  readonly upstream: Upstream;
  /** What may be sent again of all that goes through. */
  readonly retries: RetryBudget;
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  /** What it does at the edge beside deciding by rules. */
  readonly edge: Edge;
  readonly onExchange: (exchange: ExchangeRecord) => void;
}
