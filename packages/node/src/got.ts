import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { LANE_HEADER } from '@graylane/core';
import { publishError } from './diagnostics.ts';
import { follow, ROUTED } from './hooks/http.ts';
import { type Outgoing, type OutgoingHeaders, route, withoutLane } from './outgoing.ts';
import { readHeaders, writeHeaders } from './request-headers.ts';
import type { Router } from './router.ts';

/** What got's option `request` is: a function like `http.request`. */
export type GotRequest = (
  url: URL,
  options: RequestOptions,
  callback?: (response: IncomingMessage) => void,
) => ClientRequest;

/**
 * A request function for got, for those who want no global hook: `got.extend({ request: laneRequest(router) })`.
 * Got calls it for each attempt and each redirect, so each picks again.
 *
 * @throws GraylaneError `GL_NO_INSTANCE` into got's request when no instance may serve the lane
 */
export function laneRequest(router: Router): GotRequest {
  return (url, options, callback) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const outgoing = options.socketPath ? undefined : routeSafely(router, url, options);
    if (outgoing === undefined) return request(url, options, callback);
    if (outgoing.kind === 'refused') throw outgoing.error;
    if (outgoing.kind === 'elsewhere') {
      const own = request(url, options, callback);
      writeHeaders(own, withoutLane(readHeaders(own)));
      return own;
    }
    const { host, port } = outgoing.call.served.instance;
    const headers = { host: url.host, ...options.headers };
    const own = request(url, { ...options, host, hostname: host, port, headers, [ROUTED]: true } as Routed, callback);
    follow(own, outgoing.call);
    // Only now: OpenTelemetry's instrumentation writes the active baggage over what the options say.
    writeHeaders(own, outgoing.headers);
    return own;
  };
}

type Routed = RequestOptions & { readonly [ROUTED]: true };

function routeSafely(router: Router, url: URL, options: RequestOptions): Outgoing | undefined {
  try {
    return route(router, url.hostname, ourHeaders(options.headers as Headers));
  } catch (error) {
    publishError('got request', error);
    return undefined;
  }
}

/** Got's headers: an object with names in lower case. */
type Headers = Readonly<Record<string, string | string[] | undefined>> | undefined;

function ourHeaders(headers: Headers): OutgoingHeaders {
  const text = (value: string | string[] | undefined): string | undefined =>
    Array.isArray(value) ? value.join(',') : value;
  return { baggage: text(headers?.baggage), [LANE_HEADER]: text(headers?.[LANE_HEADER]) };
}
