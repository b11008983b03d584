import type { Value } from '@graylane/core';
import { type ListenAddress, readAddress } from './address.ts';

/** Where requests come in. */
export interface ListenConfig extends ListenAddress {
  /**
   * Whether another process may listen at the same address (`SO_REUSEPORT`), as the next gateway does before this one
   * ends. Default false.
   */
  readonly reusePort?: boolean;
}

/** An address, or `{ address: 8080, reusePort: true }`. */
export function readListen(value: Value): ListenConfig | undefined {
  if (typeof value.raw !== 'object' || value.raw === null || Array.isArray(value.raw)) return readAddress(value);
  const fields = value.fields(['address', 'reusePort']);
  const address = fields?.address ? readAddress(fields.address) : { host: '127.0.0.1', port: 8080 };
  const reusePort = fields?.reusePort?.boolean();
  return address && { ...address, ...(reusePort && { reusePort }) };
}
