import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { createRouter, currentLane, type PickMessage, type Router } from '@graylane/node';
import { filePolicy } from '@graylane/sources/file';
import { httpRegistry } from '@graylane/sources/http';

/** One step of a request's way, as a service answers it. */
export interface Hop {
  readonly service: string;
  readonly wanted: string;
  readonly servedBy: string;
  readonly port: number;
  /** How this service picked the next one. */
  readonly next?: { readonly pick: string; readonly because?: string };
}

/** What every service answers: itself, then all behind it. */
export interface Answer {
  readonly hops: readonly Hop[];
}

/** Creates the router of a service of the shop and hooks its clients: all that Graylane needs from a service. */
export function joinShop(service: string): Router {
  const router = createRouter({
    service,
    lane: process.env.LANE ?? 'stable',
    registry: httpRegistry({ url: process.env.REGISTRY ?? 'http://127.0.0.1:8700' }),
    policy: filePolicy({ path: fileURLToPath(new URL('../policy.yaml', import.meta.url)) }),
  });
  router.hookClients();
  return router;
}

const picks = new AsyncLocalStorage<PickMessage[]>();
subscribe('graylane:pick', (message) => picks.getStore()?.push(message as PickMessage));

/** Answers with this hop and those behind it, and with the pick that the call to the next service led to. */
export async function answer(router: Router, port: number, callNext?: () => Promise<Answer>): Promise<Answer> {
  const made: PickMessage[] = [];
  const behind = callNext ? await picks.run(made, callNext) : { hops: [] };
  const last = made.at(-1)?.pick;
  const next = last && { pick: last.kind, ...('because' in last && { because: last.because }) };
  return {
    hops: [
      { service: router.service, wanted: currentLane(), servedBy: router.lane, port, ...(next && { next }) },
      ...behind.hops,
    ],
  };
}
