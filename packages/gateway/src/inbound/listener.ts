import type { Server } from 'node:http';
import { type AddressInfo, type ListenOptions as NetListenOptions, Server as NetServer, type Socket } from 'node:net';
import type { Network } from '@graylane/core';
import { isWithin } from '../forwarded.ts';
import { Admission, type ConnectionLimits } from './admission.ts';
import type { ShownCertificate } from './certificates.ts';
import { createHttp1 } from './http1.ts';
import { HTTP2_LIMITS, Http2, type Http2Limits } from './http2.ts';
import { withPace } from './pace.ts';
import { setEnds } from './peer.ts';
import { type ProxyHeader, readProxyHeader } from './proxy-protocol.ts';
import { type Ahead, readAhead } from './read-ahead.ts';
import { refuse } from './refusal.ts';
import type { MessageLimits, Serve } from './serve.ts';
import { type TLSOptions, terminateTLS } from './tls.ts';

/** What a listener may be asked for. */
export interface ListenerLimits extends ConnectionLimits, Http2Limits {
  /** A request's body must come at least so fast, in bytes a second; 0 is any pace. Default 0. */
  readonly bodyBytesPerSecond: number;
}

export const LISTENER_LIMITS: ListenerLimits = {
  connections: 10_000,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
  bodyBytesPerSecond: 0,
  ...HTTP2_LIMITS,
};

/** How a listener speaks. */
export interface ListenerOptions {
  /** Default: none. */
  readonly tls?: TLSOptions;
  /**
   * Whether it speaks HTTP/2 beside HTTP/1.1: chosen by ALPN with TLS, by prior knowledge (RFC 9113 §3.3) without.
   * Default: with TLS.
   */
  readonly http2?: boolean;
  /**
   * The proxies that tell with the PROXY protocol whom a connection is from. Each of theirs must begin with it, and
   * everybody else's must not. Default: nobody.
   */
  readonly proxyProtocol?: { readonly from: readonly Network[] };
  readonly limits?: Partial<ListenerLimits>;
}

/** Where a listener listens, and how it speaks. */
export interface ListenOptions extends ListenerOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Whether other processes may listen there too (`SO_REUSEPORT`). Default false. */
  readonly reusePort?: boolean;
}

/** One address at which the gateway gets requests. */
export interface Listener {
  /** What accepts its connections. */
  readonly server: Server;
  /** Set while the files of its certificates cannot be used, and those before are still in use. */
  readonly tlsError: Error | undefined;
  /** The certificates that are in use; none without TLS. */
  readonly certificates: readonly ShownCertificate[];
  /** With `reusePort`, other processes may listen there too (`SO_REUSEPORT`). */
  listen(port: number, host?: string, reusePort?: boolean): Promise<AddressInfo>;
  /** Tells clients of HTTP/2 that they should go elsewhere, without stopping what is under way. */
  goAway(): void;
  /** No further connections. */
  stopListening(): void;
  /** Ends everything. */
  close(): Promise<void>;
}

/**
 * Creates a listener. A connection passes, in this order: who it is from (PROXY protocol), whether there is room for it,
 * TLS, and which HTTP it speaks.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when its certificates cannot be read
 */
export function createListener(options: ListenerOptions, messages: MessageLimits, handler: Serve): Listener {
  const { tls, http2 = tls !== undefined, proxyProtocol } = options;
  const limits = { ...LISTENER_LIMITS, ...options.limits };
  const serve = limits.bodyBytesPerSecond > 0 ? withPace(handler, limits.bodyBytesPerSecond) : handler;
  const sockets = new Set<Socket>();
  const admission = new Admission(limits);

  const accept = async (socket: Socket): Promise<void> => {
    socket.on('error', () => {}); // it closes, and who reads it is told
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const address = socket.remoteAddress ?? '';
    const header = isWithin(address, proxyProtocol?.from ?? [])
      ? await readHeader(socket, messages.headersMs)
      : NO_PROXY;
    const refusal = header && admission.enter(socket, header.ends?.source.address ?? address);
    if (!header || (refusal && tls)) return void socket.destroy(); // where HTTP is not spoken yet, nothing can be said
    if (refusal) return refuse(socket, refusal);
    if (terminator) return terminator.secure(socket, header.ends);
    if (header.ends) setEnds(socket, header.ends);
    if (!http2) return http1.read(socket);
    const version = await readAhead(socket, lookForPreface, messages.headersMs);
    if (version === undefined) socket.destroy();
    else if (version === 2) two.read(socket);
    else http1.read(socket);
  };

  const http1 = createHttp1(messages, serve, accept);
  const two = new Http2({ ...messages, ...limits }, serve);
  const protocols = http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  const terminator =
    tls &&
    terminateTLS(tls, protocols, (socket) => {
      if (socket.alpnProtocol === 'h2') two.read(socket);
      else http1.read(socket);
    });

  return {
    server: http1.server,
    get tlsError() {
      return terminator?.error;
    },
    get certificates() {
      return terminator?.certificates ?? [];
    },
    listen: (port, host = '127.0.0.1', reusePort = false) => listen(http1.server, { port, host, reusePort }),
    goAway: () => two.goAway(),
    stopListening: () => stopListening(http1.server),
    close() {
      terminator?.close();
      const closed = new Promise<void>((resolve) => void http1.server.close(() => resolve()));
      two.destroy();
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

type WithEnds = Pick<ProxyHeader, 'ends'>;

const NO_PROXY: WithEnds = { ends: undefined };

/** The header that a proxy must send first; undefined when it did not, or not in time. */
async function readHeader(socket: Socket, ms: number): Promise<WithEnds | undefined> {
  const look = (bytes: Buffer): Ahead<WithEnds | 'none'> => {
    const read = readProxyHeader(bytes);
    if (read.kind === 'more') return read;
    if (read.kind === 'invalid') return { kind: 'found', found: 'none', used: 0 };
    return { kind: 'found', found: read.header, used: read.header.length };
  };
  const found = await readAhead(socket, look, ms);
  return found === 'none' ? undefined : found;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Which HTTP a connection speaks, by its first bytes: RFC 9113 §3.4. None of them is used up. */
function lookForPreface(bytes: Buffer): Ahead<1 | 2> {
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return { kind: 'found', found: 1, used: 0 };
  return length < PREFACE.length ? { kind: 'more' } : { kind: 'found', found: 2, used: 0 };
}

function listen(server: Server, options: NetListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Only that: the `close` of an HTTP server also destroys connections whose last answer is not sent to its end yet. */
function stopListening(server: Server): void {
  if (server.listening) NetServer.prototype.close.call(server);
}
