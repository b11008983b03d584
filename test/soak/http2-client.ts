import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Answer } from './client.ts';
import { PatternCheck } from './pattern.ts';

/** Sends requests over one connection of HTTP/2, which is opened again when it is closed. */
export class Http2Client {
  readonly #port: number;
  #session: ClientHttp2Session | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Never rejects; what went wrong, if something did, is in `error`. */
  ask(
    request: number,
    path: string,
    lines: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): Promise<{ answer: Answer; error: string }> {
    const upload = body && { ':method': 'POST', 'x-size': String(body.length) };
    const stream = this.#open().request({ ':path': path, ':authority': 'shop', ...lines, ...upload });
    const check = new PatternCheck(request);
    let headers: Record<string, string> = {};
    let error = 'was not served';
    stream.setTimeout(30_000, () => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('response', (all) => {
      headers = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
    });
    stream.on('data', (part: Buffer) => check.take(part));
    stream.on('error', ({ message }) => {
      error = message;
    });
    stream.end(body);
    return new Promise((resolve) => {
      stream.on('close', () => {
        const complete = stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.readableEnded;
        const status = Number(headers[':status'] ?? 0);
        resolve({ answer: { status, headers, bytes: check.bytes, intact: check.intact, complete }, error });
      });
    });
  }

  close(): void {
    this.#session?.close();
  }

  #open(): ClientHttp2Session {
    if (!this.#session || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(`http://127.0.0.1:${this.#port}`);
      this.#session.on('error', () => {}); // its requests are told
    }
    return this.#session;
  }
}
