import type { ExchangeRecord } from '../record.ts';

/** The last exchanges of a gateway, to be asked about while they are fresh. */
export interface Recent {
  add(exchange: ExchangeRecord): void;
  /** The newest one with this `X-Request-ID`. */
  find(requestID: string): ExchangeRecord | undefined;
}

/**
 * Keeps the last exchanges in a ring. Those without an `X-Request-ID` take no place, for nobody could ask for them.
 *
 * @param size how many; each holds its request's headers, a few kilobytes mostly
 */
export function createRecent(size = 1_000): Recent {
  const ring: ExchangeRecord[] = [];
  let next = 0;
  return {
    add(exchange) {
      if (exchange.requestID === undefined) return;
      ring[next] = exchange;
      next = (next + 1) % size;
    },
    find(requestID) {
      for (let back = 1; back <= ring.length; back++) {
        const exchange = ring[(next - back + size) % size];
        if (exchange?.requestID === requestID) return exchange;
      }
      return undefined;
    },
  };
}
