import type { ClientRequest } from 'node:http';
import { LANE_HEADER } from '@graylane/core';
import type { OutgoingHeaders } from './outgoing.ts';

/**
 * A request whose header text Node has made already, because its headers came as a list or ask for `100-continue`. No
 * method of the request can change it any more, but it is still here: in a field, or first in the queue for the socket.
 */
interface Stored {
  _header?: string | null;
  outputData?: { data: unknown }[];
  outputSize?: number;
}

const NAMES = ['baggage', LANE_HEADER] as const;

const LINES = { baggage: /^baggage:(.*)\r\n/gim, [LANE_HEADER]: new RegExp(`^${LANE_HEADER}:(.*)\r\n`, 'gim') };

/** Our headers on a request that was not sent yet. */
export function readHeaders(request: ClientRequest): OutgoingHeaders {
  const text = (request as Stored)._header;
  const read = (name: (typeof NAMES)[number]): string | undefined => {
    if (typeof text !== 'string') return joined(request.getHeader(name));
    return joined(Array.from(text.matchAll(LINES[name]), ([, value = '']) => value.trim()));
  };
  return { baggage: read('baggage'), [LANE_HEADER]: read(LANE_HEADER) };
}

/** Makes our headers on a request that was not sent yet what they must be. */
export function writeHeaders(request: ClientRequest, after: OutgoingHeaders): void {
  const before = readHeaders(request);
  for (const name of NAMES) {
    if (before[name] !== after[name]) writeHeader(request, name, after[name]);
  }
}

function writeHeader(request: ClientRequest & Stored, name: (typeof NAMES)[number], value: string | undefined): void {
  if (typeof request._header === 'string') storeHeader(request, request._header, name, value);
  else if (value === undefined) request.removeHeader(name);
  else request.setHeader(name, value);
}

function storeHeader(request: Stored, before: string, name: (typeof NAMES)[number], value: string | undefined): void {
  const line = value === undefined ? '' : `${name}: ${value}\r\n`;
  const after = `${before.replace(LINES[name], '').slice(0, -2)}${line}\r\n`;
  request._header = after;
  const queued = request.outputData?.[0];
  if (typeof queued?.data !== 'string' || !queued.data.startsWith(before)) return;
  queued.data = after + queued.data.slice(before.length);
  request.outputSize = (request.outputSize ?? 0) + after.length - before.length;
}

function joined(value: number | string | string[] | undefined): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  return value === undefined ? undefined : String(value);
}
