import { createRequire } from 'node:module';
import { GraylaneError } from '@graylane/core';
import type * as Undici from 'undici';
import { createLaneDispatcher, type LaneDispatcherOptions } from '../lane-dispatcher.ts';
import type { CallPicks } from '../outgoing.ts';

/** Options for the connections to instances. */
export type UndiciHookOptions = Omit<LaneDispatcherOptions, 'otherwise'>;

const OURS = Symbol.for('graylane.hook.undici');

/** Where undici before 8 keeps its global dispatcher. Loading undici 8 writes to it. */
const LEGACY = Symbol.for('undici.globalDispatcher.1');

/**
 * Puts a lane dispatcher in the place of undici's global dispatcher, which the global `fetch` and every copy of undici from
 * 7 on use. A program that sets its own global dispatcher later takes it away again. A global dispatcher that undici 6 or
 * older had set is not asked any more, because undici 8 cannot.
 *
 * @throws GraylaneError `GL_HOOKED` when a lane dispatcher is there already
 */
export function hookUndici(router: CallPicks, options: UndiciHookOptions = {}): () => void {
  const globals = globalThis as Record<symbol, unknown>;
  const legacy = globals[LEGACY];
  // Loaded only now: loading undici replaces the global dispatcher's legacy half.
  const undici = createRequire(import.meta.url)('undici') as typeof Undici;
  const before = undici.getGlobalDispatcher();
  if (OURS in before) throw new GraylaneError('GL_HOOKED', 'undici is hooked already');
  const ours = Object.assign(createLaneDispatcher(undici, router, { ...options, otherwise: before }), { [OURS]: true });
  undici.setGlobalDispatcher(ours);
  return () => {
    if (undici.getGlobalDispatcher() === ours) {
      undici.setGlobalDispatcher(before);
      if (legacy !== undefined) globals[LEGACY] = legacy;
    }
    void ours.close();
  };
}
