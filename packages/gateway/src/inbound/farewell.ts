import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Watches a connection of HTTP/2 on which one side has said goodbye while requests are still under way. If the client breaks
 * the protocol after that, Node stops reading without a word, and would not see it go. So it is asked for an
 * acknowledgement now and then; when none comes, and nothing else moves either, the connection is destroyed.
 */
export function watchFarewell(session: ServerHttp2Session, socket: Socket, probeMs: number): void {
  if (session.destroyed) return;
  let answered = true;
  let moved = 0;
  const timer = setInterval(() => {
    const now = socket.bytesRead + socket.bytesWritten;
    if (session.destroyed) return;
    if (!answered && now === moved) return session.destroy();
    moved = now;
    if (!answered) return;
    answered = false;
    session.settings({}, () => {
      answered = true;
    });
  }, probeMs).unref();
  session.once('close', () => clearInterval(timer));
}
