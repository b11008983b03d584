import { EJECTION_DEFAULTS, type EjectionOptions, type Value } from '@graylane/core';
import type { GatewayOptions } from '../gateway.ts';
import { readGiven } from './numbers.ts';

/** How instances are picked and ejected, as a configuration file says it. */
export type PicksConfig = NonNullable<GatewayOptions['picks']>;

const TIMES = ['settleMs', 'slowStartMs'] as const;
const EJECTION = Object.keys(EJECTION_DEFAULTS) as (keyof EjectionOptions)[];

/** Reads how instances are picked and ejected; what is not given is as the router has it. */
export function readPicks(value: Value | undefined): PicksConfig {
  const fields = value?.fields(['balance', 'stableMode', 'maxEjectedShare', 'ejection', ...TIMES]);
  if (!fields) return {};
  const balance = fields.balance?.oneOf(['p2c', 'round-robin']);
  const stableMode = fields.stableMode?.oneOf(['unlabelled', 'undeclared']);
  const maxEjectedShare = fields.maxEjectedShare?.number({ min: 0, max: 1 });
  const times = TIMES.flatMap((name) => {
    const ms = fields[name]?.number({ min: 0, max: 3_600_000, integer: true });
    return ms === undefined ? [] : [[name, ms] as const];
  });
  return {
    ...(balance && { balance }),
    ...(stableMode && { stableMode }),
    ...(maxEjectedShare !== undefined && { maxEjectedShare }),
    ...(fields.ejection && { ejection: readGiven<EjectionOptions>(fields.ejection, EJECTION) }),
    ...Object.fromEntries(times),
  };
}
