import { fromBytes, type RequestFacts } from '@graylane/core';

/**
 * A request in a line: `GET http://shop.example.com/cart with x-tester: 1, from 203.0.113.9, token sub "u1"`.
 *
 * @param now a time that goes without saying
 */
export function formatRequest(request: RequestFacts, now: number): string {
  const { method, ip, token, geo, time } = request;
  const parts = [
    ...headersOf(request).map((header) => `with ${header}`),
    ...Object.entries(token).map(([name, value]) => `with the claim ${name} ${JSON.stringify(value)}`),
    ...(ip === '' ? [] : [`from ${fromBytes(ip)}`]),
    ...Object.entries(geo).map(([name, value]) => `in the ${name} ${value}`),
    ...(time === now ? [] : [`at ${new Date(time).toISOString()}`]),
  ];
  const line = `${method} ${urlOf(request)}`;
  return parts.length === 0 ? line : `${line} ${parts.join(', ')}`;
}

function urlOf({ host, path, query }: RequestFacts): string {
  const place = `${path}${query === '' ? '' : `?${query}`}`;
  return fromBytes(host === '' ? place : `http://${host}${place}`);
}

function headersOf({ headers }: RequestFacts): readonly string[] {
  return Array.from({ length: headers.length / 2 }, (_, index) => {
    const value = fromBytes(headers[index * 2 + 1] as string);
    return `${headers[index * 2]}: ${value === '' ? '(empty)' : value}`;
  });
}
