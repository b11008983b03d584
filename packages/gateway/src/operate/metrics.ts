import type { CompiledPolicy } from '@graylane/core';
import { AggregatorRegistry, collectDefaultMetrics, type MetricObject, Registry } from 'prom-client';
import type { Gateway } from '../gateway.ts';
import type { ExchangeRecord } from '../record.ts';
import { countExchanges } from './exchange-metrics.ts';
import { measureState } from './state-metrics.ts';

/** All metrics of one process, as data that can be sent to another and added up there. */
export type MetricValues = readonly MetricObject[];

/** What a gateway counts and measures, for Prometheus. */
export interface GatewayMetrics {
  /** Counts an exchange: to be called from `onExchange`. */
  count(exchange: ExchangeRecord): void;
  /** Measures this gateway from now on. */
  follow(gateway: Gateway): void;
  values(): Promise<MetricValues>;
}

/** What metrics are made of. */
export interface MetricsOptions {
  /**
   * The services of the routes, in lower case: they may have time series though the registry does not know them. Default
   * none.
   */
  readonly services?: () => ReadonlySet<string>;
  /** Whether to measure the process too: memory, processor time, event loop. Default false. */
  readonly process?: boolean;
}

/** The content type of {@link formatMetrics}. */
export const METRICS_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** Creates the metrics of a gateway. They have a registry of their own, so that a process may have several. */
export function createMetrics({ services, process = false }: MetricsOptions = {}): GatewayMetrics {
  const register = new Registry();
  let gateway: Gateway | undefined;
  const policy = (): CompiledPolicy | undefined => gateway?.policy();
  const knowsService = (name: string): boolean =>
    services?.().has(name) || gateway?.snapshot().services.has(name) || false;
  const count = countExchanges(register, { knowsService, policy });
  measureState(register, () => gateway);
  if (process) collectDefaultMetrics({ register });
  return {
    count,
    follow(followed) {
      gateway = followed;
    },
    values: async () => register.getMetricsAsJSON(),
  };
}

/** Makes one of the metrics of several processes. */
export async function addMetrics(all: readonly MetricValues[]): Promise<MetricValues> {
  return AggregatorRegistry.aggregate(all.map((values) => [...values])).getMetricsAsJSON();
}

/** Those that only grow: what is left of a process that has ended. */
export function grownOnly(values: MetricValues): MetricValues {
  return values.filter(({ type }) => (type as unknown) === 'counter' || (type as unknown) === 'histogram');
}

/** Writes metrics in the text format of Prometheus. */
export async function formatMetrics(values: MetricValues): Promise<string> {
  return AggregatorRegistry.aggregate([values.map((metric) => ({ ...metric, aggregator: 'first' }))]).metrics();
}
