import {
  GraylaneError,
  hasLaneMember,
  LANE_HEADER,
  type Lane,
  type Outcome,
  type Pick,
  parseLane,
  readLane,
  type Served,
  STABLE,
  writeLane,
} from '@graylane/core';
import { context } from '@opentelemetry/api';
import { baggageHeader, laneOf } from './context.ts';

/** What a call needs of a router. */
export interface CallPicks {
  /** Picks an instance of a service for a call in `lane` (default: the current one). Synchronous; never throws. */
  pick(service: string, lane?: Lane): Pick;
  /** Counts a call to a picked instance in. The answer counts it out and takes in how it went; call it once. */
  begin(service: string, served: Served): (outcome?: Outcome) => void;
}

/** The headers of an outgoing call that concern us, as they are before we touch them. */
export interface OutgoingHeaders {
  readonly baggage: string | undefined;
  readonly [LANE_HEADER]: string | undefined;
}

/** What becomes of an outgoing call. The headers are what the call must have; undefined means none. */
export type Outgoing =
  /** The registry does not know the host: the call goes where it would have gone, without our member. */
  | { readonly kind: 'elsewhere'; readonly headers: OutgoingHeaders }
  /** It goes to an instance. */
  | { readonly kind: 'instance'; readonly headers: OutgoingHeaders; readonly call: Call }
  /** No instance may serve it. */
  | { readonly kind: 'refused'; readonly error: GraylaneError };

/** A call to an instance, counted in until `end` is called. */
export interface Call {
  readonly served: Served;
  readonly end: (outcome?: Outcome) => void;
}

/**
 * Decides for one outgoing call where it goes and what it carries. The lane is the context's; a call outside any request
 * may name one itself in its headers. Synchronous.
 */
export function route(router: CallPicks, host: string, headers: OutgoingHeaders): Outgoing {
  const ctx = context.active();
  const own = laneOf(ctx);
  const lane = own === STABLE ? namedLane(headers) : own;
  const pick = router.pick(host, lane);
  switch (pick.kind) {
    case 'unknown':
      return { kind: 'elsewhere', headers: withoutLane(headers) };
    case 'empty': {
      const detail = `${host} has no instance for the lane ${lane} (${pick.because})`;
      return { kind: 'refused', error: new GraylaneError('GL_NO_INSTANCE', detail) };
    }
    default: {
      const baggage = writeLane(headers.baggage ?? baggageHeader(ctx), lane);
      const copy = lane === STABLE ? undefined : lane;
      const call: Call = { served: pick, end: once(router.begin(host, pick)) };
      return { kind: 'instance', headers: { baggage, [LANE_HEADER]: copy }, call };
    }
  }
}

function namedLane(headers: OutgoingHeaders): Lane {
  return readLane(headers.baggage) ?? parseLane(headers[LANE_HEADER]) ?? STABLE;
}

/** Headers for a host that the registry does not know. */
export function withoutLane({ baggage }: OutgoingHeaders): OutgoingHeaders {
  const kept = baggage !== undefined && hasLaneMember(baggage) ? writeLane(baggage, STABLE) : baggage;
  return { baggage: kept, [LANE_HEADER]: undefined };
}

function once(end: (outcome?: Outcome) => void): (outcome?: Outcome) => void {
  let ended = false;
  return (outcome) => {
    if (ended) return;
    ended = true;
    end(outcome);
  };
}

const NOT_REACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TOO_LATE = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What an error says of the instance: nothing, where the caller may as well have caused it. */
export function outcomeOf(error: unknown): Outcome | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string') return undefined;
  if (NOT_REACHED.has(code)) return 'connect-failed';
  return TOO_LATE.has(code) ? 'timeout' : undefined;
}
