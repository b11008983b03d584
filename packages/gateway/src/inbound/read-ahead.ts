import type { Socket } from 'node:net';

/** What was made of the first bytes of a connection. */
export type Ahead<Found> =
  /** Not enough of them to tell. */
  | { readonly kind: 'more' }
  /** So many of them are done with; the others are left to whoever reads next. */
  | { readonly kind: 'found'; readonly found: Found; readonly used: number };

/**
 * Reads the beginning of a connection and puts back what it did not use, before anybody else reads.
 *
 * @param look is given all that came so far, again and again, until it says that something was found
 * @param ms how long that may take
 * @returns what was found; undefined when the connection ended or time was up before
 */
export function readAhead<Found>(
  socket: Socket,
  look: (bytes: Buffer) => Ahead<Found>,
  ms: number,
): Promise<Found | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<Found | undefined>();
  const done = (found?: Found): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
    resolve(found);
  };
  const onEnd = (): void => done();
  const onReadable = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const ahead = look(bytes);
      if (ahead.kind === 'more') continue;
      if (ahead.used < bytes.length) socket.unshift(bytes.subarray(ahead.used));
      return done(ahead.found);
    }
  };
  const timer = setTimeout(onEnd, ms).unref();
  socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  return promise;
}
