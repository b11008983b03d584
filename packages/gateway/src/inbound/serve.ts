import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What the gateway does with requests, whichever protocol and listener they came by. */
export interface Serve {
  /** `request` may also be an {@link Http2Request} and `response` an {@link Http2Response}, which do what those do. */
  request(request: IncomingMessage, response: ServerResponse): void;
  /** A request to switch to another protocol, in HTTP/1.1. Absent: it is a request like any other. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** What requests may cost, on every protocol. */
export interface MessageLimits {
  /** All headers of a request together, in bytes. */
  readonly headerBytes: number;
  /** Milliseconds for a client to send the headers, and for the whole request. */
  readonly headersMs: number;
  readonly requestMs: number;
}
