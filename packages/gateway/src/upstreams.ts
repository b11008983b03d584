import { httpUpstream } from './upstream/http-upstream.ts';
import type { Upstream, UpstreamTimeouts } from './upstream.ts';
import { upstreamByProtocol } from './upstream-by-protocol.ts';
import { http2Upstream } from './upstream-h2.ts';
import { httpsUpstream } from './upstream-https.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** The upstream that requests go through at present, and those before it that still have some under way. */
export class Upstreams {
  readonly #given: Upstream | undefined;
  readonly #ca: readonly Buffer[] | undefined;
  readonly #opened: Upstream[] = [];
  #timeouts: UpstreamTimeouts | undefined;

  /**
   * With `upstream`, that is the only one, with the time limits that it has.
   *
   * @param options.instanceCA authorities that sign the certificates of instances, as PEM; default: those of Node
   */
  constructor({ upstream, instanceCA }: { readonly upstream?: Upstream; readonly instanceCA?: readonly Buffer[] }) {
    this.#given = upstream;
    this.#ca = instanceCA;
  }

  /** The present one as long as its time limits are these, else a new one: the old one ends what it has begun. */
  withTimeouts(timeouts: UpstreamTimeouts): Upstream {
    if (this.#given) return this.#given;
    const last = this.#opened.at(-1);
    if (last && this.#timeouts && sameTimeouts(this.#timeouts, timeouts)) return last;
    last?.keep(NOBODY);
    this.#timeouts = timeouts;
    const ca = this.#ca;
    const opened = upstreamByProtocol({
      http: httpUpstream({ timeouts }),
      https: httpsUpstream({ timeouts, ca }),
      http2: http2Upstream({ timeouts, ...(ca && { ca }) }),
    });
    this.#opened.push(opened);
    return opened;
  }

  async close(): Promise<void> {
    await this.#given?.close();
    await Promise.all(this.#opened.map((upstream) => upstream.close()));
  }
}

function sameTimeouts(a: UpstreamTimeouts, b: UpstreamTimeouts): boolean {
  return a.connectMs === b.connectMs && a.answerMs === b.answerMs && a.idleMs === b.idleMs;
}
