import { Readable } from 'node:stream';
import { headerValue, type Instance } from '@graylane/core';
import type { Exchange, Upstream, UpstreamHandler } from '../upstream.ts';
import { MIRROR_HEADER } from './mirror.ts';

/** What copies may cost. */
export interface MirrorLimits {
  /** The longest body that is copied; a request with a longer one is not mirrored. Default 65,536. */
  readonly bodyBytes: number;
  /** How many copies may be under way; further ones are not made. Default 50. */
  readonly concurrent: number;
  /** How long a copy may take in all, in milliseconds. Default 10,000. */
  readonly answerMs: number;
}

export const MIRROR_LIMITS: MirrorLimits = { bodyBytes: 65_536, concurrent: 50, answerMs: 10_000 };

/** A request to copy. */
export interface MirrorJob {
  /** The request as it comes in; its body is listened to while somebody else reads it. */
  readonly request: Readable;
  readonly hasBody: boolean;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Header lines as for the lane that is copied to, its baggage among them. */
  readonly lines: readonly string[];
  /** Of the lane that is copied to, and of no other it falls back to. */
  readonly instance: Instance;
}

/** What became of copies. */
export interface MirrorCounts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** Not made, for too many were under way. */
  readonly busy: number;
  /** Not made, for the body was too long or did not come to its end. */
  readonly bodiless: number;
}

/** Sends copies of requests and drops what comes back. */
export interface Mirror {
  /**
   * Copies a request. With a body, it must be called in the same tick in which the body's reader was set up, after that:
   * a listener that comes first would set the body flowing. Never throws.
   */
  copy(job: MirrorJob): void;
  counts(): MirrorCounts;
  /** Ends the copies under way. */
  close(): void;
}

/** Creates what sends copies. It has no part in picks and ejections: what a copy meets says nothing to the original. */
export function createMirror(upstream: Upstream, limits: MirrorLimits = MIRROR_LIMITS): Mirror {
  const counts = { sent: 0, answered: 0, failed: 0, busy: 0, bodiless: 0 };
  const underWay = new Set<Copy>();

  const send = (job: MirrorJob, body: Buffer | undefined): void => {
    counts.sent++;
    const copy = new Copy(limits.answerMs, (outcome) => {
      underWay.delete(copy);
      counts[outcome]++;
    });
    underWay.add(copy);
    copy.start(upstream, job, body);
  };
  let collecting = 0;
  const collect = async (job: MirrorJob): Promise<void> => {
    collecting++;
    const body = await bodyOf(job, limits.bodyBytes);
    collecting--;
    if (body === 'none') counts.bodiless++;
    else send(job, body);
  };

  return {
    copy(job) {
      if (underWay.size + collecting >= limits.concurrent) counts.busy++;
      else collect(job).catch(() => counts.failed++); // nothing of a copy may end the process
    },
    counts: () => ({ ...counts }),
    close() {
      for (const copy of underWay) copy.end('failed');
    },
  };
}

class Copy implements UpstreamHandler {
  readonly #timer: NodeJS.Timeout;
  readonly #onEnded: (outcome: 'answered' | 'failed') => void;
  #exchange: Exchange | undefined;
  #over = false;

  constructor(answerMs: number, onEnded: (outcome: 'answered' | 'failed') => void) {
    this.#onEnded = onEnded;
    this.#timer = setTimeout(() => this.end('failed'), answerMs).unref();
  }

  start(upstream: Upstream, { instance, method, target, lines }: MirrorJob, body: Buffer | undefined): void {
    const marked = [...lines, MIRROR_HEADER, '1'];
    this.#exchange = upstream.send(
      instance,
      { method, target, lines: marked, body: body && Readable.from([body]) },
      this,
    );
  }

  end(outcome: 'answered' | 'failed'): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#onEnded(outcome);
    if (outcome === 'failed') this.#exchange?.abort();
  }

  onHead(): void {}

  onData(_chunk: Buffer, _last: boolean, done?: () => void): boolean {
    done?.();
    return true;
  }

  onEnd(): void {
    this.end('answered');
  }

  onError(): void {
    this.end('failed');
  }
}

/** A request's body in full, as it goes by; `none` when it is too long or breaks off. At the earliest in another tick. */
async function bodyOf({ request, hasBody, lines }: MirrorJob, limit: number): Promise<Buffer | undefined | 'none'> {
  if (!hasBody) return undefined;
  if (Number(headerValue(lines, 'content-length') ?? 0) > limit) return 'none';
  const { promise, resolve } = Promise.withResolvers<Buffer | 'none'>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > limit) resolve('none');
    else chunks.push(chunk);
  };
  const whole = (): void => resolve(Buffer.concat(chunks));
  const broken = (): void => resolve('none');
  request.on('data', take).once('end', whole).once('close', broken);
  const body = await promise;
  request.off('data', take).off('end', whole).off('close', broken);
  return body;
}
