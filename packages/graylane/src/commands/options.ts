import type { AddressInfo } from 'node:net';
import { authorityOf } from '@graylane/core';
import { parseRoute, type Route } from '@graylane/gateway';
import { InvalidArgumentError } from 'commander';

/** Reads a port of the command line. */
export function port(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number <= 65_535) return number;
  throw new InvalidArgumentError('Write 0 to 65535; 0 takes a free one.');
}

/** Reads a time of the command line, in milliseconds. */
export function milliseconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write whole milliseconds, as 2000.');
}

/** Adds a route of the command line to those before it. */
export function route(text: string, before: readonly Route[] = []): readonly Route[] {
  try {
    return [...before, parseRoute(text)];
  } catch {
    throw new InvalidArgumentError('Write [HOST][/PATH]=SERVICE, as /cart=cart or shop.example.com/=storefront.');
  }
}

/** The URL of what listens there. */
export function urlOf({ address, port: number }: AddressInfo): string {
  return `http://${authorityOf({ host: address, port: number })}`;
}
