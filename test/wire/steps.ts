import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from './notation.ts';

/** Long enough on one machine. */
const PAUSE_MS = 15;

/** The longest that one side waits for the other. */
const WAIT_MS = 1_000;

/**
 * Has one side of a connection do what a case says.
 *
 * @param received how many bytes have come from the other side
 */
export async function perform(socket: Socket, steps: readonly Step[], received: () => number = () => 0): Promise<void> {
  for (const step of steps) {
    if ('send' in step) socket.write(step.send);
    else if (step.act === 'end') socket.end();
    else if (step.act === 'pause') await pause();
    else if (step.act === 'reset') {
      await pause();
      socket.resetAndDestroy();
    } else await until(() => received() > 0, WAIT_MS);
  }
}

/** Waits until what was sent before has been read. */
export function pause(): Promise<void> {
  return sleep(PAUSE_MS);
}

/** Waits for a condition; tells whether it came to hold. */
export async function until(condition: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(1);
  }
  return true;
}
