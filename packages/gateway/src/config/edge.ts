import type { Value } from '@graylane/core';
import { type GeoConfig, readGeoConfig } from '../edge/geo-config.ts';
import type { PinOptions } from '../edge/lane-pin.ts';
import { type MirrorConfig, readMirrorConfig } from '../edge/mirror-config.ts';
import { type PassConfig, readPassConfig, readPinConfig } from '../edge/pass-config.ts';
import { readTokenConfig, type TokenConfig } from '../edge/token-config.ts';

/** What a gateway does at the edge beside deciding by rules, as its file has it. */
export interface EdgeConfig {
  readonly passes?: PassConfig;
  readonly pin?: PinOptions;
  readonly token?: TokenConfig;
  readonly geo?: GeoConfig;
  readonly mirror?: MirrorConfig;
}

/** The fields of the configuration that are about the edge. */
export const EDGE_FIELDS = ['passes', 'pin', 'token', 'geo', 'mirror'] as const;

/** Reads the duties at the edge; each is missing where the file does not ask for it. */
export function readEdge(fields: Readonly<Partial<Record<(typeof EDGE_FIELDS)[number], Value>>>): EdgeConfig {
  const passes = fields.passes && readPassConfig(fields.passes);
  const pin = fields.pin && readPinConfig(fields.pin);
  const token = fields.token && readTokenConfig(fields.token);
  const geo = fields.geo && readGeoConfig(fields.geo);
  const mirror = fields.mirror && readMirrorConfig(fields.mirror);
  if (pin && !fields.passes) fields.pin?.fail('needs keys to sign with: give passes: { keys: [{ file: pass.key }] }');
  return {
    ...(passes && { passes }),
    ...(pin && { pin }),
    ...(token && { token }),
    ...(geo && { geo }),
    ...(mirror && { mirror }),
  };
}
