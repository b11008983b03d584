import { hostName } from '@graylane/core';

/** Which requests go to which service. */
export interface Route {
  /** A host name, `*.example.com` for all below it, or `*` (the default) for all. */
  readonly host?: string;
  /** The beginning of the path, in whole segments: `/api` is not the beginning of `/apis`. Default `/`. */
  readonly path?: string;
  readonly service: string;
  /** Milliseconds to the answer's head, instead of the gateway's. */
  readonly answerMs?: number;
  /** The largest body, in bytes, instead of the gateway's. */
  readonly bodyBytes?: number;
}

/** Finds the route of a request; undefined when none matches. The path `*` of `OPTIONS *` is in no route. */
export type RouteTable = (authority: string, path: string) => Route | undefined;

/**
 * Compiles routes. An exact host goes before a wildcard, a longer wildcard before a shorter one, any before `*`; within a
 * host, the longest path wins. The order in which routes are written does not matter.
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const exact = new Map<string, Route[]>();
  const wildcards: { suffix: string; routes: Route[] }[] = [];
  for (const [host, group] of Map.groupBy(routes, (route) => (route.host ?? '*').toLowerCase())) {
    const sorted = group.toSorted((a, b) => pathOf(b).length - pathOf(a).length);
    if (host.startsWith('*')) wildcards.push({ suffix: host.slice(1), routes: sorted });
    else exact.set(host, sorted);
  }
  wildcards.sort((a, b) => b.suffix.length - a.suffix.length);
  return (authority, path) => {
    const host = hostName(authority);
    const found = find(exact.get(host), path);
    if (found) return found;
    for (const { suffix, routes: group } of wildcards) {
      const match = host.endsWith(suffix) ? find(group, path) : undefined;
      if (match) return match;
    }
    return undefined;
  };
}

/** The table of a gateway without routes: the host's name is the service, `http://shop/` goes to `shop`. */
export const routeByHost: RouteTable = (authority, path) => {
  const service = path.startsWith('/') ? hostName(authority) : '';
  return service === '' ? undefined : { service };
};

function pathOf({ path = '/' }: Route): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function find(group: readonly Route[] | undefined, path: string): Route | undefined {
  return group?.find((route) => {
    const prefix = pathOf(route);
    return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
  });
}
