import type { Registry } from '@graylane/sources';
import { tell } from './settings.ts';

/** Tells the test what this process knows, whenever that changes: only then is it to blame for what it picks. */
export function reportKnown(registry: Registry): void {
  const report = (): void => {
    const all = [...registry.snapshot().services.values()].flat();
    tell({ kind: 'knows', instances: all.map(({ id, metadata }) => `${id}#${metadata.pid}`) });
  };
  registry.subscribe(report);
  report();
}
