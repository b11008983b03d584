import { STATUS_CODES } from 'node:http';
import { type CompiledPolicy, type Pick, STABLE } from '@graylane/core';
import { Counter, Histogram, type Registry as PromRegistry } from 'prom-client';
import type { ExchangeRecord } from '../record.ts';

/** What decides which values a label may take: whatever else a client makes up is `other`. */
export interface LabelBounds {
  /** Whether a service is in a route or in the registry. */
  knowsService(service: string): boolean;
  policy(): CompiledPolicy | undefined;
}

/** Upper ends of the histogram's buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What one kind of exchange adds to. */
type Cell = (seconds: number) => void;

/**
 * Counts exchanges. The metrics of each kind of exchange are looked up once and then kept, so that a request costs one
 * look into a map and a few additions.
 */
export function countExchanges(register: PromRegistry, bounds: LabelBounds): (exchange: ExchangeRecord) => void {
  const requests = new Counter({
    name: 'graylane_gateway_requests_total',
    help: 'Requests that were answered, or whose client went away (499).',
    labelNames: ['service', 'lane', 'served_by', 'code'],
    registers: [register],
  });
  const duration = new Histogram({
    name: 'graylane_gateway_request_duration_seconds',
    help: "From a request's head to the end of its answer.",
    labelNames: ['service', 'lane'],
    buckets: BUCKETS,
    registers: [register],
  });
  const picks = new Counter({
    name: 'graylane_gateway_picks_total',
    help: 'Picks that led to an answer, by their kind and the reason of those that did not hit.',
    labelNames: ['service', 'lane', 'pick', 'because'],
    registers: [register],
  });
  const refusals = new Counter({
    name: 'graylane_gateway_refusals_total',
    help: "Requests that the gateway refused, or whose answer it broke off, by the error's code.",
    labelNames: ['code'],
    registers: [register],
  });

  const cells = new Map<string, Cell>();
  const cellOf = (exchange: ExchangeRecord): Cell => {
    const { pick, error } = exchange;
    const service = serviceOf(exchange, bounds);
    const lane = laneOf(exchange.decision?.lane, bounds.policy());
    const servedBy = pick && 'lane' in pick ? laneOf(pick.lane, bounds.policy()) : 'none';
    const code = codeOf(exchange.status);
    const because = pick && 'because' in pick ? pick.because : 'none';
    const key = `${service}\n${lane}\n${servedBy}\n${code}\n${pick?.kind}\n${because}\n${error}`;
    let cell = cells.get(key);
    if (!cell) {
      const counters = [requests.labels(service, lane, servedBy, code)];
      if (pick) counters.push(picks.labels(service, lane, pick.kind, because));
      if (error) counters.push(refusals.labels(error));
      const histogram = duration.labels(service, lane);
      cell = (seconds) => {
        for (const counter of counters) counter.inc();
        histogram.observe(seconds);
      };
      cells.set(key, cell);
    }
    return cell;
  };
  return (exchange) => cellOf(exchange)(exchange.ms / 1_000);
}

/** A host that a client made up must not become a time series. */
function serviceOf({ service, pick }: ExchangeRecord, bounds: LabelBounds): string {
  if (service === undefined) return 'none';
  const name = service.toLowerCase();
  return isKnown(pick) || bounds.knowsService(name) ? name : 'other';
}

function isKnown(pick: Pick | undefined): boolean {
  return pick !== undefined && pick.kind !== 'unknown';
}

/** A trusted client may bring any lane. */
function laneOf(lane: string | undefined, policy: CompiledPolicy | undefined): string {
  if (lane === undefined) return 'none';
  return lane === STABLE || (policy && Object.hasOwn(policy.policy.lanes, lane)) ? lane : 'other';
}

/** A status that has a name, else its class: an instance may answer any number. */
function codeOf(status: number): string {
  return status in STATUS_CODES || status === 499 ? String(status) : `${Math.trunc(status / 100)}xx`;
}
