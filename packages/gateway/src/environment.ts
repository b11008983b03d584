import type { CompiledPolicy, Instance, Lane, Pick } from '@graylane/core';
import type { Attempt } from './proxy-job.ts';

type Environments = ReadonlyMap<string, Instance>;

const made = new WeakMap<CompiledPolicy, Environments>();

/**
 * Where a lane's requests go when it is a whole other environment: its entry, as if it were an instance. Undefined for a
 * lane of this environment.
 */
export function environmentOf(policy: CompiledPolicy | undefined, lane: Lane): Instance | undefined {
  return policy && environmentsOf(policy).get(lane);
}

/** The entries of all environments that a policy names. */
export function environmentsOf(policy: CompiledPolicy): Environments {
  let environments = made.get(policy);
  if (!environments) {
    environments = readEnvironments(policy);
    made.set(policy, environments);
  }
  return environments;
}

/** Gives an environment's entry as the one thing to try. */
export function theOnly(instance: Instance, onPick: (pick: Pick) => void): () => Attempt | undefined {
  let given = false;
  return () => {
    if (given) return undefined;
    given = true;
    onPick({ kind: 'hit', instance, lane: instance.lane as Lane, load: { inFlight: 0 } });
    return { instance, end: () => {} };
  };
}

function readEnvironments({ policy }: CompiledPolicy): Environments {
  const found = Object.entries(policy.lanes).flatMap(([lane, { environment, enabled = true }]) =>
    environment !== undefined && enabled ? [[lane, entryOf(lane as Lane, new URL(environment))] as const] : [],
  );
  return new Map(found);
}

function entryOf(lane: Lane, { protocol, hostname, port, origin }: URL): Instance {
  const secure = protocol === 'https:';
  return {
    id: origin,
    service: `the environment of ${lane}`,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    lane,
    weight: 1,
    zone: '',
    state: 'ready',
    metadata: secure ? { protocol: 'https' } : {},
  };
}
