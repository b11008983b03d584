import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** After how long the system asks whether the other side still is there, in milliseconds. */
const PROBE_MS = 60_000;

/** How two connections are joined. */
export interface TunnelOptions {
  /** Milliseconds without a byte in either direction after which it ends. Default: none. */
  readonly idleMs?: number | undefined;
}

/**
 * Joins two connections: what comes from one goes to the other, no faster than that reads. When one says that it has
 * nothing more to send, the other is told; when one breaks, both end. Calls back once both are closed.
 */
export function joinTunnel(one: Duplex, other: Duplex, options: TunnelOptions, onClosed: () => void): void {
  let open = 2;
  const oneClosed = (): void => {
    if (--open === 0) onClosed();
  };
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => {
      // A side that closes in order has said its end, which is on its way; else the other must not wait for one.
      if (!from.readableEnded || !to.writableEnded) to.destroy();
      oneClosed();
    });
    prepare(from, options, () => {
      from.destroy();
      to.destroy();
    });
  }
  if (one.destroyed || other.destroyed) {
    one.destroy();
    other.destroy();
  }
  one.pipe(other);
  other.pipe(one);
}

/** Takes the limits of HTTP from a connection, and gives it those of a tunnel. */
function prepare(connection: Duplex, { idleMs = 0 }: TunnelOptions, onIdle: () => void): void {
  const socket = connection as Partial<Socket>;
  socket.setTimeout?.(0);
  socket.setKeepAlive?.(true, PROBE_MS);
  if (idleMs > 0) socket.setTimeout?.(idleMs, onIdle);
}
