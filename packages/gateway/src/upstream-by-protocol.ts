import type { Instance } from '@graylane/core';
import type { Upstream } from './upstream.ts';

/** Upstreams by what instances speak. */
export interface UpstreamsByProtocol {
  /** For all whose `metadata.protocol` says nothing, or nothing that the others are for. */
  readonly http: Upstream;
  /** For `h2` and `h2c`. */
  readonly http2: Upstream;
  /** For `https`. */
  readonly https: Upstream;
}

/** An upstream that sends to each instance in the protocol that its registration names as `metadata.protocol`. */
export function upstreamByProtocol({ http, http2, https }: UpstreamsByProtocol): Upstream {
  const all = [...new Set([http, http2, https])];
  const upstreamOf = ({ metadata: { protocol } }: Instance): Upstream => {
    if (protocol === undefined) return http;
    if (protocol === 'h2' || protocol === 'h2c') return http2;
    return protocol === 'https' ? https : http;
  };
  return {
    send: (instance, request, handler) => upstreamOf(instance).send(instance, request, handler),
    keep(authorities) {
      for (const each of all) each.keep(authorities);
    },
    async close() {
      await Promise.all(all.map((each) => each.close()));
    },
  };
}
