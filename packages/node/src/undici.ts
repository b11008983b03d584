import * as undici from 'undici';
import { createLaneDispatcher, type LaneDispatcherOptions } from './lane-dispatcher.ts';
import type { Router } from './router.ts';

export type { LaneDispatcherOptions };

/**
 * A dispatcher for undici's own functions, for those who want no global hook:
 * `request('http://stock/items/7', { dispatcher: laneDispatcher(router) })`. Close it when it is no longer used.
 *
 * Not for the global `fetch`, whose undici is an older one and refuses foreign dispatchers: hook that with `hookClients`.
 */
export function laneDispatcher(router: Router, options: LaneDispatcherOptions = {}): undici.Dispatcher {
  return createLaneDispatcher(undici, router, options);
}
