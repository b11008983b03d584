/** How long an instance that does not say is believed to keep an idle connection: Node's servers do for 5 s. */
export const KEEP_ALIVE_MS = 4_000;

const MAX_KEEP_ALIVE_MS = 60_000;

/** The instance may close a little before it says, and that it did takes time to be known. */
const MARGIN_MS = 1_000;

/** How long a connection may be idle of which the instance says that it keeps it for so long, in milliseconds. */
export function idleTime(toldMs: number): number {
  return Math.min(Math.max(toldMs - MARGIN_MS, toldMs / 2), MAX_KEEP_ALIVE_MS);
}
