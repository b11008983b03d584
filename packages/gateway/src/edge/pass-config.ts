import type { Value } from '@graylane/core';
import { type KeySource, readKeySource } from './key-source.ts';
import type { PinOptions } from './lane-pin.ts';

/** Which passes are believed, as the configuration has it. */
export interface PassConfig {
  /** The first signs pins; all verify passes and pins. */
  readonly keys: readonly KeySource[];
  /** How far away a pass's expiry may be. Default 30 days. */
  readonly maxLifetimeSeconds: number;
}

const DAY_SECONDS = 24 * 60 * 60;
const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Reads which passes are believed. */
export function readPassConfig(value: Value): PassConfig | undefined {
  const fields = value.fields(['keys', 'maxLifetimeSeconds']);
  const keys = value.at('keys').list(1)?.map(readKeySource);
  const maxLifetimeSeconds = fields?.maxLifetimeSeconds?.number({ min: 60, max: 3_660 * DAY_SECONDS, integer: true });
  if (!keys) return undefined;
  return {
    keys: keys.filter((key) => key !== undefined),
    maxLifetimeSeconds: maxLifetimeSeconds ?? 30 * DAY_SECONDS,
  };
}

/** Reads how users are kept in their lanes. It needs the keys of passes, which is for the caller to say. */
export function readPinConfig(value: Value): PinOptions | undefined {
  const fields = value.fields(['cookie', 'maxAgeSeconds']);
  if (!fields) return undefined;
  const cookie = fields.cookie ? fields.cookie.text({ max: 100 }) : 'graylane-pin';
  if (cookie !== undefined && !COOKIE_NAME.test(cookie)) value.at('cookie').fail('is no cookie name');
  // Browsers keep no cookie longer than 400 days (RFC 6265bis §5.5).
  const maxAgeSeconds = fields.maxAgeSeconds?.number({ min: 60, max: 400 * DAY_SECONDS, integer: true });
  return cookie === undefined ? undefined : { cookie, maxAgeSeconds: maxAgeSeconds ?? 30 * DAY_SECONDS };
}
