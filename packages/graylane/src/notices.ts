import { formatFailure } from './failure.ts';

/** Prints an error for people. */
export type Notice = (error: Error) => void;

/** How long the same words are not said again. */
const REPEAT_MS = 60_000;

/**
 * Prints what goes wrong while a process runs, on the standard error output. A source that is out of reach says so with
 * every attempt; people read it once a minute.
 */
export function createNotices(): Notice {
  const saidAt = new Map<string, number>();
  return (error) => {
    const text = formatFailure(error);
    const now = performance.now();
    for (const [said, at] of saidAt) if (now - at >= REPEAT_MS) saidAt.delete(said);
    if (saidAt.has(text)) return;
    saidAt.set(text, now);
    console.error(text);
  };
}
