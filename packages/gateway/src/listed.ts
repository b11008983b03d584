import { authorityOf, type CompiledPolicy } from '@graylane/core';
import type { Snapshot } from '@graylane/sources';
import { environmentsOf } from './environment.ts';

/** All places that requests may be sent to, as `host:port`: instances that do not drain, and the entries of environments. */
export function listedAuthorities({ services }: Snapshot, policy: CompiledPolicy | undefined): ReadonlySet<string> {
  const listed = new Set<string>();
  for (const instances of services.values())
    for (const instance of instances) if (instance.state !== 'draining') listed.add(authorityOf(instance));
  for (const entry of policy ? environmentsOf(policy).values() : []) listed.add(authorityOf(entry));
  return listed;
}
