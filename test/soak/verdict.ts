import type { Answer } from './client.ts';
import { type Failure, tell } from './messages.ts';
import { CHAINS, laneOf, type Sender } from './revisions.ts';

/** A request on its way. */
export interface Asked {
  readonly request: number;
  readonly kind: string;
  readonly sender: Sender;
  /** Bytes of the body that must come back. */
  readonly bytes: number;
  /** No body, and nothing happens by it: it can be sent again and again. */
  readonly safe: boolean;
  /** As {@link now}. */
  readonly start: number;
  /** How many changes of the revisions in force there had been. */
  readonly changes: number;
}

/** The revisions that may be in force, change by change: the last element is now. */
const inForce: (readonly number[])[] = [[0]];

/** From now on, one of these is in force. */
export function setInForce(revisions: readonly number[]): void {
  inForce.push(revisions);
}

/** How many changes of the revisions in force there were. */
export function changesSoFar(): number {
  return inForce.length - 1;
}

/** Whether an answer is one that an instance gave, to its end. */
export function isServed({ status, headers, complete }: Answer): boolean {
  return complete && (status === 200 || status === 101) && headers['x-pid'] !== undefined;
}

/**
 * Judges what came back, whether or not it is complete: that it belongs to the request, and that it comes from where the
 * request may go. Tells the test what is wrong.
 */
export function judge(asked: Asked, answer: Answer): void {
  const { headers } = answer;
  if (headers['x-pid'] === undefined) return; // no instance's
  const violate = (what: string): void =>
    tell({ kind: 'violation', what: `${asked.kind} request ${asked.request}: ${what}` });
  if (headers['x-request-id'] !== String(asked.request))
    violate(`got the answer of request ${headers['x-request-id']}`);
  if (!answer.intact) violate('got bytes of another answer');
  if (answer.bytes > asked.bytes) violate(`got ${answer.bytes} bytes instead of ${asked.bytes}`);
  const { 'x-lane': lane = '', 'x-wanted': wanted = '' } = headers;
  const allowed = lanesFor(asked);
  if (!allowed.has(wanted)) violate(`was sent into the lane ${wanted} instead of ${[...allowed].join(' or ')}`);
  if (!CHAINS[wanted]?.includes(lane)) violate(`was served by ${lane} and not ${wanted}`);
}

function lanesFor({ sender, changes }: Asked): ReadonlySet<string> {
  const revisions = new Set(inForce.slice(changes).flat());
  return new Set([...revisions].map((revision) => laneOf(revision, sender)));
}

/** Tells the test of a request that was not served to its end. */
export function tellFailure(asked: Asked, { status, headers, bytes }: Answer, what: string, end: number): void {
  const { request, kind, safe, start, bytes: wanted } = asked;
  const failure: Failure = {
    request,
    kind,
    safe,
    start,
    end,
    status,
    pid: headers['x-pid'] === undefined ? undefined : Number(headers['x-pid']),
    what: `${what} (status ${status}, ${bytes} of ${wanted} bytes)`,
  };
  tell({ kind: 'failure', failure });
}
