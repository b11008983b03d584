import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type SecureVersion, type TLSSocket } from 'node:tls';
import { readAuthorities } from './authorities.ts';
import {
  type CertificateFiles,
  type Certificates,
  readCertificates,
  type ShownCertificate,
  watchCertificates,
} from './certificates.ts';
import { type Ends, setEnds } from './peer.ts';

/** How a listener speaks TLS. */
export interface TLSOptions {
  /** At least one. The first is for clients that name no host, or one that no certificate has. */
  readonly certificates: readonly CertificateFiles[];
  /** A PEM file of the authorities of client certificates. Default: clients need none. */
  readonly clientCA?: string;
  /** Whether a client without a certificate of these authorities is let in all the same. Default false. */
  readonly clientOptional?: boolean;
  /** Default `TLSv1.2`. */
  readonly minVersion?: Extract<SecureVersion, 'TLSv1.2' | 'TLSv1.3'>;
  /** Milliseconds for a handshake. Default 10,000. */
  readonly handshakeMs?: number;
  /** How often to look whether a file has changed, in milliseconds. Default 2,000. */
  readonly pollMs?: number;
}

/** The TLS side of a listener. */
export interface TLSTerminator {
  /** Shakes hands; when that fails, the connection ends. The ends, if given, are told by the secure socket too. */
  secure(socket: Socket, ends?: Ends): void;
  /** What was wrong with the files when they were read last; the certificates before stay in use. */
  readonly error: Error | undefined;
  /** The certificates that are in use. */
  readonly certificates: readonly ShownCertificate[];
  close(): void;
}

/**
 * Terminates TLS: certificates by SNI, read again when their files change, protocols by ALPN.
 *
 * @param protocols for ALPN (RFC 7301), the most wanted first
 * @param onSecure is given each connection on which hands were shaken
 * @throws GraylaneError `GL_CONFIG_INVALID` when a file cannot be read or is none
 */
export function terminateTLS(
  options: TLSOptions,
  protocols: readonly string[],
  onSecure: (socket: TLSSocket) => void,
): TLSTerminator {
  const { certificates: files, clientCA, clientOptional = false } = options;
  let current = readTLSFiles(options);
  let error: Error | undefined;
  const server = createServer({
    ...current.first,
    ALPNProtocols: [...protocols],
    SNICallback: (host, done) => done(null, current.pick(host)),
    handshakeTimeout: options.handshakeMs ?? 10_000,
    requestCert: clientCA !== undefined,
    rejectUnauthorized: clientCA !== undefined && !clientOptional,
  });
  const told = new Map<string, Ends>();
  server.on('secureConnection', (socket) => {
    const ends = told.get(peerOf(socket));
    if (ends) setEnds(socket, ends);
    onSecure(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const reload = (): void => {
    try {
      current = readTLSFiles(options);
      server.setSecureContext(current.first);
      error = undefined;
    } catch (cause) {
      error = cause as Error; // half written, or the key is not there yet: the next change is looked at again
    }
  };
  const paths = [...files.flatMap(({ cert, key }) => [cert, key]), ...(clientCA === undefined ? [] : [clientCA])];
  return {
    secure(socket, ends) {
      if (ends) {
        const peer = peerOf(socket);
        told.set(peer, ends);
        socket.once('close', () => told.delete(peer));
        setEnds(socket, ends);
      }
      server.emit('connection', socket);
    },
    get error() {
      return error;
    },
    get certificates() {
      return current.shown;
    },
    close: watchCertificates(paths, reload, options.pollMs),
  };
}

/**
 * Reads the files that TLS is made of.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when one cannot be read or is none, or when a key does not fit
 */
export function readTLSFiles({ certificates, clientCA, minVersion = 'TLSv1.2' }: TLSOptions): Certificates {
  const common: SecureContextOptions = {
    minVersion,
    ...(clientCA !== undefined && { ca: [...readAuthorities(clientCA)] }),
  };
  return readCertificates(certificates, common);
}

/** Tells a connection from all others that are open: a socket and the secure one on it have this in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
