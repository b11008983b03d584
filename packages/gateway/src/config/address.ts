import type { Value } from '@graylane/core';

/** Where something listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/;

/** `8080`, `"127.0.0.1:8080"` or `"[::1]:8080"`. */
export function readAddress(value: Value): ListenAddress | undefined {
  const text = typeof value.raw === 'number' ? String(value.raw) : value.raw;
  const found = typeof text === 'string' ? ADDRESS.exec(text) : null;
  if (!found || Number(found[3]) > 65_535)
    return value.fail('must be a port or host:port, as 8080, "0.0.0.0:8080" or "[::1]:8080"');
  return { host: found[1] ?? found[2] ?? '127.0.0.1', port: Number(found[3]) };
}
