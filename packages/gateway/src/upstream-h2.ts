import { isIP } from 'node:net';
import { authorityOf, type Instance } from '@graylane/core';
import { UPSTREAM_TIMEOUTS, type Upstream, type UpstreamTimeouts } from './upstream.ts';
import { Http2Exchange } from './upstream-h2/exchange.ts';
import { Link, type LinkTLS } from './upstream-h2/link.ts';

/** How instances are reached that speak HTTP/2. */
export interface Http2UpstreamOptions {
  /** Read with each request and connection, so that they can be changed. */
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** Authorities that sign the certificates of instances, as PEM. Default: those of Node. */
  readonly ca?: readonly Buffer[];
  /**
   * Milliseconds between two pings on a connection with requests; the connection is closed when one is not answered before
   * the next. Default 310,000: servers of gRPC close connections that ping more often than every five minutes.
   */
  readonly pingMs?: number;
  /** Milliseconds without a request before a connection is closed. Default 60,000. */
  readonly idleMs?: number;
}

/**
 * An upstream for instances whose `metadata.protocol` is `h2c` (HTTP/2 by prior knowledge) or `h2` (with TLS, for the name
 * `metadata.serverName` or the host): as few connections to each as its limit of requests at a time allows.
 */
export function http2Upstream({
  timeouts,
  ca,
  pingMs = 310_000,
  idleMs = 60_000,
}: Http2UpstreamOptions = {}): Upstream {
  const limits = (): UpstreamTimeouts => ({ ...UPSTREAM_TIMEOUTS, ...timeouts });
  const links = new Map<string, Link[]>();

  const openLink = (authority: string, instance: Instance): Link =>
    new Link(authority, tlsOf(instance, ca), { connectMs: limits().connectMs, pingMs, idleMs });

  const linkTo = (instance: Instance): Link => {
    const authority = authorityOf(instance);
    const open = (links.get(authority) ?? []).filter((each) => !each.gone);
    const link = open.find((each) => each.hasRoom) ?? openLink(authority, instance);
    links.set(authority, open.includes(link) ? open : [...open, link]);
    return link;
  };

  return {
    send(instance, request, handler) {
      const exchange = new Http2Exchange(request, handler, {
        scheme: instance.metadata.protocol === 'h2' ? 'https' : 'http',
        authority: authorityOf(instance),
        timeouts: limits(),
        link: () => linkTo(instance),
      });
      queueMicrotask(() => exchange.start());
      return exchange;
    },
    keep(authorities) {
      for (const [authority, open] of links) {
        if (authorities.has(authority)) continue;
        links.delete(authority);
        for (const { session } of open) session.close();
      }
    },
    async close() {
      for (const { session } of [...links.values()].flat()) session.destroy();
      links.clear();
    },
  };
}

function tlsOf({ host, metadata }: Instance, ca: readonly Buffer[] | undefined): LinkTLS {
  if (metadata.protocol !== 'h2') return undefined;
  const servername = metadata.serverName ?? (isIP(host) === 0 ? host : undefined);
  return { ...(servername !== undefined && { servername }), ...(ca && { ca }) };
}
