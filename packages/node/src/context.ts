import { BAGGAGE_KEY, LANE_HEADER, type Lane, parseLane, readLane, STABLE, writeLane } from '@graylane/core';
import { type Baggage, type Context, context, propagation } from '@opentelemetry/api';
import { baggageOf, formatBaggage, parseBaggage } from './baggage.ts';

/** What came in: the baggage that was made of a header, and the header, so that it can go out as it came. */
interface Received {
  readonly baggage: Baggage;
  readonly header: string;
}

const RECEIVED = Symbol.for('graylane.received');

/** The lane of the request that is being handled: what OpenTelemetry's active baggage says, else stable. */
export function currentLane(): Lane {
  return laneOf(context.active());
}

/** The lane in a context. */
export function laneOf(ctx: Context): Lane {
  return parseLane(propagation.getBaggage(ctx)?.getEntry(BAGGAGE_KEY)?.value) ?? STABLE;
}

/** A context like `ctx` whose lane is `lane`; other baggage stays. */
export function withLane(ctx: Context, lane: Lane): Context {
  const others = propagation.getBaggage(ctx)?.removeEntry(BAGGAGE_KEY).getAllEntries() ?? [];
  const ours = lane === STABLE ? [] : [[BAGGAGE_KEY, { value: lane }] as const];
  return propagation.setBaggage(ctx, baggageOf([...ours, ...others]));
}

/** The headers of an incoming message, by lower-case name, as Node has them. */
export type LaneHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The context in which an incoming message is handled: `ctx` with the lane and the other baggage of its headers. The same
 * `ctx` when it says all that already, because OpenTelemetry's instrumentation read the headers, or there is nothing.
 */
export function receive(ctx: Context, headers: LaneHeaders): Context {
  const header = joined(headers.baggage);
  const lane = readLane(header) ?? parseLane(joined(headers[LANE_HEADER])) ?? STABLE;
  const known = propagation.getBaggage(ctx);
  if (known !== undefined && known.getAllEntries().length > 0) {
    const read = merge(known, header);
    const said = known.getEntry(BAGGAGE_KEY)?.value;
    const agrees = said === (lane === STABLE ? undefined : lane);
    return read === known && agrees ? ctx : withLane(propagation.setBaggage(ctx, read), lane);
  }
  const carried = writeLane(header, lane);
  if (carried === undefined) return ctx;
  const received: Received = { baggage: parseBaggage(carried), header: carried };
  return propagation.setBaggage(ctx, received.baggage).setValue(RECEIVED, received);
}

/**
 * Baggage that is known already, with the members of a header. The same baggage when it has the header's first member:
 * then it was read from there, and what it lacks was left out on purpose.
 */
function merge(known: Baggage, header: string | undefined): Baggage {
  const others = header === undefined ? undefined : writeLane(header, STABLE);
  if (others === undefined || known.getEntry(others.slice(0, others.search(/[=;,]|$/)).trim())) return known;
  return baggageOf([...known.getAllEntries(), ...parseBaggage(others).getAllEntries()]);
}

/** The `baggage` header value that a context sends: as it came when nobody changed it. */
export function baggageHeader(ctx: Context): string | undefined {
  const baggage = propagation.getBaggage(ctx);
  if (baggage === undefined) return undefined;
  const received = ctx.getValue(RECEIVED) as Received | undefined;
  return received?.baggage === baggage ? received.header : formatBaggage(baggage);
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
