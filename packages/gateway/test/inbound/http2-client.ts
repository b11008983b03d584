import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import { atEnd } from '../stage.ts';

/** An answer of HTTP/2. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly interim: readonly IncomingHttpHeaders[];
  readonly body: string;
}

/** Opens a connection of HTTP/2, by prior knowledge. */
export function openSession(
  port: number,
  options: ClientSessionOptions | SecureClientSessionOptions = {},
  scheme = 'http',
): ClientHttp2Session {
  const session = connect(`${scheme}://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  atEnd(() => session.destroy());
  return session;
}

/** Begins a request for the host `shop`. */
export function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, ends = true): ClientHttp2Stream {
  return session.request({ ':authority': 'shop', ...headers }, { endStream: ends });
}

/** The whole answer to a request. */
export async function answerTo(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const chunks: Buffer[] = [];
  const interim: IncomingHttpHeaders[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('headers', (lines: IncomingHttpHeaders) => interim.push(lines));
  stream.on('response', (lines: IncomingHttpHeaders) => {
    headers = lines;
  });
  stream.on('trailers', (lines: IncomingHttpHeaders) => {
    trailers = lines;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  const body = Buffer.concat(chunks).toString('latin1');
  return { status: Number(headers[':status']), headers, trailers, interim, body };
}

/** One request, and its answer. */
export function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = begin(session, headers, body === undefined);
  const answer = answerTo(stream);
  if (body !== undefined) stream.end(body);
  return answer;
}
