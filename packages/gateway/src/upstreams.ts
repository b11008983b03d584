import { httpUpstream } from './upstream/http-upstream.ts';
import { UPSTREAM_TIMEOUTS, type Upstream, type UpstreamTimeouts } from './upstream.ts';
import { upstreamByProtocol } from './upstream-by-protocol.ts';
import { http2Upstream } from './upstream-h2.ts';
import { httpsUpstream } from './upstream-https.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** The upstream that requests go through, with time limits that can be changed. */
export class Upstreams {
  readonly #given: Upstream | undefined;
  readonly #upstream: Upstream;
  /** Of the connections that are opened from now on. */
  readonly #timeouts: { -readonly [Name in keyof UpstreamTimeouts]: number } = { ...UPSTREAM_TIMEOUTS };

  /**
   * With `upstream`, that is the only one, with the time limits that it has.
   *
   * @param options.instanceCA authorities that sign the certificates of instances, as PEM; default: those of Node
   */
  constructor({ upstream, instanceCA: ca }: { readonly upstream?: Upstream; readonly instanceCA?: readonly Buffer[] }) {
    const timeouts = this.#timeouts;
    this.#given = upstream;
    this.#upstream =
      upstream ??
      upstreamByProtocol({
        http: httpUpstream({ timeouts }),
        https: httpsUpstream({ timeouts, ca }),
        http2: http2Upstream({ timeouts, ...(ca && { ca }) }),
      });
  }

  /** The upstream, with these time limits from now on: connections with other ones end what they have begun. */
  withTimeouts(timeouts: UpstreamTimeouts): Upstream {
    if (!this.#given && !sameTimeouts(this.#timeouts, timeouts)) {
      this.#upstream.keep(NOBODY);
      Object.assign(this.#timeouts, timeouts);
    }
    return this.#upstream;
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }
}

function sameTimeouts(a: UpstreamTimeouts, b: UpstreamTimeouts): boolean {
  return a.connectMs === b.connectMs && a.answerMs === b.answerMs && a.idleMs === b.idleMs;
}
