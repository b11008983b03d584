import { setTimeout as sleep } from 'node:timers/promises';

/** How sessions with a source follow each other. Times in milliseconds. */
export interface FollowOptions {
  /** The first wait after a lost session. Doubles up to `maxBackoffMs`. Default 200. */
  readonly backoffMs?: number;
  /** Default 15,000. */
  readonly maxBackoffMs?: number;
  /** A session is ended and begun anew after about this time, so that what a watch may have missed comes in. Default 300,000. */
  readonly resyncMs?: number;
  /** Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Runs one session after the other until `signal` aborts. Waits between them are drawn from the whole range up to the
 * back-off ("full jitter"), so that a thousand clients of a registry that comes back do not come at once. A session that
 * `healthy()` vouches for resets the back-off.
 */
export async function follow(
  session: (signal: AbortSignal) => Promise<void>,
  onLost: (error: Error) => void,
  healthy: () => boolean,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<void> {
  const { resyncMs = 300_000, random = Math.random } = options;
  let attempt = 0;
  while (!signal.aborted) {
    const resync = AbortSignal.timeout(Math.round(resyncMs * (0.75 + random() / 2)));
    try {
      await session(AbortSignal.any([signal, resync]));
      if (resync.aborted) continue;
      if (!signal.aborted) throw new Error('the source ended the session');
    } catch (error) {
      if (signal.aborted) return;
      if (resync.aborted) continue;
      onLost(error instanceof Error ? error : new Error(String(error)));
    }
    attempt = healthy() ? 0 : attempt + 1;
    await sleep(drawWait(attempt, options), undefined, { signal, ref: false }).catch(() => {});
  }
}

/** How long to wait after so many lost sessions in a row, in milliseconds. */
export function drawWait(attempt: number, options: FollowOptions = {}): number {
  const { backoffMs = 200, maxBackoffMs = 15_000, random = Math.random } = options;
  const ceiling = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(attempt, 16));
  return Math.max(10, random() * ceiling);
}
