import type { Instance } from './instance.ts';
import type { Lane } from './lane.ts';
import { createPicker, type Pick } from './picker.ts';
import type { Routing } from './routing.ts';

/** What a call to one service would meet. */
export interface HopExplanation {
  readonly service: string;
  /** The lanes that may serve, in order. */
  readonly chain: readonly Lane[];
  /** One pick; where several instances serve, another call may get another of them. */
  readonly pick: Pick;
  /** How many instances have each label, and how many of them are ready. */
  readonly lanes: readonly { readonly lane: string; readonly instances: number; readonly ready: number }[];
}

/** Explains for each service of a topology what a call in `lane` meets there, as if nothing had failed yet. */
export function explainPicks(instances: readonly Instance[], routing: Routing, lane: Lane): readonly HopExplanation[] {
  return [...Map.groupBy(instances, ({ service }) => service)].map(([service, list]) => {
    const picker = createPicker({
      service,
      instances: list,
      routing,
      stableMode: 'unlabelled',
      balance: 'p2c',
      ejectedUntil: () => 0,
      maxEjectedShare: 0.5,
      loadOf: () => ({ inFlight: 0 }),
      presence: new Map(),
      settleMs: 0,
      now: 0,
    });
    const lanes = [...Map.groupBy(list, (instance) => instance.lane)].map(([label, group]) => ({
      lane: label,
      instances: group.length,
      ready: group.filter(({ state, weight }) => state === 'ready' && weight > 0).length,
    }));
    return { service, chain: routing.chain(service, lane).lanes, pick: picker.pick(lane, () => 0), lanes };
  });
}
