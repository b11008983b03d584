import { type ClientHttp2Session, connect } from 'node:http2';

/** How instances are reached that speak HTTP/2. */
export interface LinkOptions {
  readonly connectMs: number;
  /** Milliseconds between two pings, sent only while there are requests. */
  readonly pingMs: number;
  /** Milliseconds without a request before a connection is closed. */
  readonly idleMs: number;
}

/** What TLS with an instance needs; undefined for HTTP/2 without TLS, by prior knowledge. */
export type LinkTLS = { readonly servername?: string; readonly ca?: readonly Buffer[] } | undefined;

/** What waits for a link. */
export type OnReady = (error?: Error) => void;

/**
 * A connection of HTTP/2 to an instance. It is ready when the instance's SETTINGS have come: then it is known to speak
 * HTTP/2, and how many requests it takes at a time.
 */
export class Link {
  readonly session: ClientHttp2Session;
  readonly #options: LinkOptions;
  readonly #waiting: OnReady[] = [];
  #state: 'opening' | 'open' | 'gone' = 'opening';
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(authority: string, tls: LinkTLS, options: LinkOptions) {
    this.#options = options;
    const common = { strictSingleValueFields: false, maxOutstandingPings: 2 };
    const { servername, ca } = tls ?? {};
    this.session = connect(`${tls ? 'https' : 'http'}://${authority}`, {
      ...common,
      ...(servername !== undefined && { servername }),
      ...(ca && { ca: [...ca] }),
    });
    const late = setTimeout(() => this.session.destroy(new Error('connecting took too long')), options.connectMs);
    this.session.once('remoteSettings', () => {
      clearTimeout(late);
      this.#settle('open');
      this.#keepAlive();
    });
    this.session.on('error', (error) => this.#settle('gone', error));
    this.session.on('goaway', () => this.#settle('gone', new Error('the instance goes away')));
    this.session.once('close', () => {
      clearTimeout(late);
      clearTimeout(this.#idle);
      this.#settle('gone', new Error('the connection was closed'));
    });
  }

  /** Whether it takes another request: also while it is opening, for what waits for it is asked again then. */
  get hasRoom(): boolean {
    if (this.#state === 'gone' || this.session.closed || this.session.destroyed) return false;
    if (this.#state === 'opening') return true;
    return this.#requests < (this.session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
  }

  get gone(): boolean {
    return this.#state === 'gone';
  }

  /** Calls back when it is ready, or with why it will never be. */
  whenReady(onReady: OnReady): void {
    if (this.#state === 'opening') this.#waiting.push(onReady);
    else onReady(this.#state === 'gone' ? new Error('the connection was closed') : undefined);
  }

  /** Counts a request; the function that it returns is to be called once at its end. */
  begin(): () => void {
    this.#requests++;
    clearTimeout(this.#idle);
    return () => {
      if (--this.#requests > 0) return;
      this.#idle = setTimeout(() => this.session.close(), this.#options.idleMs).unref();
    };
  }

  #settle(state: 'open' | 'gone', error?: Error): void {
    if (this.#state === 'gone') return;
    this.#state = state;
    for (const onReady of this.#waiting.splice(0)) onReady(error);
  }

  /** A connection on which nothing answers is as good as closed. */
  #keepAlive(): void {
    let answered = true;
    const timer = setInterval(() => {
      if (this.#requests === 0 || this.session.destroyed) return;
      if (!answered) return this.session.destroy(new Error('no ping was answered'));
      answered = false;
      this.session.ping(() => {
        answered = true;
      });
    }, this.#options.pingMs).unref();
    this.session.once('close', () => clearInterval(timer));
  }
}
