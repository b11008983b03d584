import type { ExchangeRecord, LogConfig } from '@graylane/gateway';
import { exchangeLine, formatExchange } from '../access-log.ts';

/** How each request is shown. */
export type LogFormat = 'json' | 'text' | 'none';

/** Logs requests on the standard output: a sample of those that went well, and all others. */
export function createRequestLog(format: LogFormat, config: LogConfig): (exchange: ExchangeRecord) => void {
  if (format === 'none') return () => {};
  const lineOf = format === 'json' ? (exchange: ExchangeRecord) => exchangeLine(exchange, config) : formatExchange;
  return (exchange) => {
    const wentWell = exchange.error === undefined && exchange.status < 500;
    if (!wentWell || Math.random() < config.sample) console.log(lineOf(exchange));
  };
}
