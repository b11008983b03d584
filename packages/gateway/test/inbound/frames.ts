import type { Wire } from '../wire.ts';

/** Types of frames: RFC 9113 §6. */
export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 } as const;

/** Flags of frames. */
export const FLAG = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A frame as its bytes. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(payload as string, 'latin1');
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

/** Header lines in HPACK, each a literal without compression: RFC 7541 §6.2.2. Of up to 126 bytes. */
export function block(lines: readonly string[]): Buffer {
  return Buffer.concat(
    lines.map((text, at) => {
      const bytes = Buffer.from(text, 'latin1');
      const start = at % 2 === 0 ? [0, bytes.length] : [bytes.length];
      return Buffer.concat([Buffer.from(start), bytes]);
    }),
  );
}

/** The head of a plain request. */
export const REQUEST: readonly string[] = [':method', 'GET', ':scheme', 'http', ':authority', 'shop', ':path', '/'];

/** The frames that came over a connection so far, whole ones. */
export function framesOf(wire: Wire): Frame[] {
  const bytes = wire.received;
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return frames;
}
