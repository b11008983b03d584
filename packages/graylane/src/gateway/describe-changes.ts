import type { Changes, Configuration } from './configuration.ts';

/** What became of a new configuration, for people. */
export function describeChanges({ path, revision }: Configuration, { live, restart }: Changes): string {
  const applied = live.length === 0 ? 'nothing to apply' : `applied: ${live.join(', ')}`;
  const waiting = restart.length === 0 ? '' : `; needs a restart: ${restart.join(', ')}`;
  return `${path}, configuration ${revision}: ${applied}${waiting}`;
}
