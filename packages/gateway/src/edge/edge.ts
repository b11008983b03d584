import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CompiledPolicy, Decision, ErrorCode, Instance, Lane } from '@graylane/core';
import type { Router } from '@graylane/node';
import { hasBody } from '../body.ts';
import type { RequestHead } from '../head.ts';
import type { OpenRecord } from '../record.ts';
import type { Cleansed } from '../trust.ts';
import type { Upstream } from '../upstream.ts';
import { createDebug, type DebugLines } from './debug.ts';
import { asksForID, type EdgeDuties } from './duties.ts';
import { pinCookie } from './lane-pin.ts';
import { mirrorBucket, mirrorLane } from './mirror.ts';
import { createMirror, type Mirror, type MirrorCounts } from './mirror-send.ts';
import { withoutPass, withoutPassInTarget } from './pass-carrier.ts';
import { type FactsOf, meet, type Turned, type Visitor } from './visitor.ts';

/** A request that came to the edge. */
export interface EdgeRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
  readonly refuse: (code: ErrorCode, message: string) => void;
}

/** A gateway's duties at the edge, with what they need while they run. */
export class Edge {
  readonly #duties: EdgeDuties;
  readonly #debug: DebugLines | undefined;
  readonly #mirror: Mirror | undefined;
  readonly #router: Router;
  readonly #busy: boolean;

  constructor(duties: EdgeDuties, router: Router, upstream: Upstream) {
    this.#duties = duties;
    this.#router = router;
    this.#busy = Object.keys(duties).length > 0;
    this.#debug = duties.passes && createDebug();
    this.#mirror = duties.mirror && createMirror(upstream, duties.mirror.limits);
  }

  /** Whether there is anything to do for requests under this policy. */
  isNeeded(policy: CompiledPolicy | undefined): boolean {
    return this.#busy || asksForID(policy);
  }

  /** Finds out who sent a request, and goes on with that unless the request was answered or its client has gone. */
  meet(
    arrival: EdgeRequest,
    policy: CompiledPolicy | undefined,
    head: RequestHead,
    cleansed: Cleansed,
    factsOf: FactsOf,
    goOn: (visitor: Visitor) => void,
  ): void {
    const { response, record, refuse } = arrival;
    if (this.#duties.passes) {
      record.target = withoutPassInTarget(record.target);
      record.lines = withoutPass(record.lines);
    }
    const met = meet(this.#duties, policy, head, cleansed, factsOf);
    const take = (found: Visitor | Turned): void => {
      if (response.destroyed) return;
      if (found.kind === 'visitor') return goOn(found);
      for (const [name, value] of Object.entries(found.headers)) response.setHeader(name, value);
      if (found.kind === 'refused') return refuse(found.code, found.message);
      response.writeHead(303).end();
    };
    if (!(met instanceof Promise)) return take(met);
    met.then(take).catch((error: Error) => refuse('GL_INTERNAL', error.message));
  }

  /** Header lines that an answer gets beside those of the instance. */
  answerLines(
    { pin, pass, setCookies, facts, head, cleansed }: Visitor,
    decision: Decision,
    policy: CompiledPolicy | undefined,
    instance: Instance,
  ): readonly string[] {
    const lines = setCookies.flatMap((cookie) => ['Set-Cookie', cookie]);
    const { pin: options } = this.#duties;
    const [key] = options?.keys.values() ?? [];
    const secure = head.scheme === 'https' || cleansed.secure;
    const pinned = options && key && pinCookie(decision, pin, options, key, { now: facts.time, secure });
    if (pinned !== undefined) lines.push('Set-Cookie', pinned);
    const debug = pass && this.#debug?.(pass, { decision, revision: policy?.revision, instance });
    return debug ? lines.concat(debug) : lines;
  }

  /**
   * Sends a copy of a request that is on its way, if it is one of those. In the same tick in which its proxying began.
   *
   * @param linesFor the header lines for the lane that it is copied to
   */
  copy(
    { request, record }: EdgeRequest,
    { head, cleansed }: Visitor,
    service: string,
    lane: Lane,
    linesFor: (lane: Lane) => readonly string[],
  ): void {
    const { mirror } = this.#duties;
    if (!mirror || !this.#mirror) return;
    const { method = 'GET' } = request;
    const facts = { service, lane, method, copy: cleansed.isCopy };
    const to = mirrorLane(mirror.rules, facts, mirrorBucket(record.requestID, Math.random));
    const pick = to && this.#router.pick(service, to);
    if (pick?.kind !== 'hit') return;
    const lines = linesFor(to as Lane);
    this.#mirror.copy({
      request,
      hasBody: hasBody(request),
      method,
      target: head.target,
      lines,
      instance: pick.instance,
    });
  }

  /** What became of copies; undefined where none are made. */
  copies(): MirrorCounts | undefined {
    return this.#mirror?.counts();
  }

  /** Ends what was begun for these duties; the duties themselves are closed by whoever opened them. */
  close(): void {
    this.#mirror?.close();
  }
}
