import { styleText } from 'node:util';
import { authorityOf, type Pick, STABLE } from '@graylane/core';
import type { ExchangeRecord } from '@graylane/gateway';

/** How much of a path is shown. */
const MAX_TARGET = 100;

/**
 * An exchange of the gateway as one line for people. What has a width of its own stands first, so that lines align:
 *
 *     14:01:33  200  gray       3.1 ms  GET  shop/cart → cart gray 127.0.0.1:41235 (rule testers)
 */
export function formatExchange(exchange: ExchangeRecord): string {
  const { at, status, method, host, target, decision, ms } = exchange;
  const time = new Date(at).toTimeString().slice(0, 8);
  const took = `${ms.toFixed(1)} ms`.padStart(9);
  const lane = (decision?.lane ?? '-').padEnd(6);
  const asked = `${method.padEnd(4)} ${printable(`${host}${shortened(target)}`)}`;
  return `${time}  ${paintStatus(status)}  ${paintLane(lane)}  ${took}  ${asked}${way(exchange)}${failure(exchange)}`;
}

/** An exchange as one line of JSON, for machines: the format that log collectors take. */
export function exchangeLine(exchange: ExchangeRecord): string {
  const { at, pick, decision, error, requestID, ms, ...rest } = exchange;
  const served = servedBy(pick);
  return JSON.stringify({
    time: new Date(at).toISOString(),
    ...rest,
    ms: Math.round(ms * 10) / 10,
    ...(requestID !== undefined && { requestID }),
    ...(decision && { lane: decision.lane, by: decision.by, ...('rule' in decision && { rule: decision.rule }) }),
    ...(pick && { pick: pick.kind, ...('because' in pick && { because: pick.because }) }),
    ...(served && { servedBy: served.lane, instance: served.instance.id }),
    ...(error && { error }),
  });
}

/** Where a request went, and why: ` → cart gray 127.0.0.1:41235 (rule testers)`. */
function way({ service, pick, decision }: ExchangeRecord): string {
  if (service === undefined) return '';
  const served = servedBy(pick);
  const instance = served ? ` ${paintLane(served.lane)} ${authorityOf(served.instance)}` : '';
  const reasons = [decision && reasonOf(decision), pick && 'because' in pick && `${decision?.lane}: ${pick.because}`];
  const why = reasons.filter((reason) => typeof reason === 'string').join('; ');
  return ` → ${printable(service)}${instance}${why && ` (${why})`}`;
}

function failure({ error, detail }: ExchangeRecord): string {
  if (error === undefined) return '';
  return ` ${styleText('red', error)}${detail === undefined ? '' : ` ${printable(detail)}`}`;
}

function servedBy(pick: Pick | undefined): Extract<Pick, { instance: unknown }> | undefined {
  return pick && 'instance' in pick ? pick : undefined;
}

function reasonOf(decision: NonNullable<ExchangeRecord['decision']>): string {
  switch (decision.by) {
    case 'rule':
      return `rule ${decision.rule}`;
    case 'split':
      return `rule ${decision.rule}, by share`;
    case 'no-key':
      return `rule ${decision.rule}, no key`;
    case 'default':
      return 'no rule';
    case 'carried':
      return 'carried';
  }
}

function paintStatus(status: number): string {
  return styleText(status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green', String(status));
}

function paintLane(lane: string): string {
  return lane.trimEnd() === STABLE || lane.startsWith('-') ? lane : styleText('cyan', lane);
}

function shortened(target: string): string {
  return target.length > MAX_TARGET ? `${target.slice(0, MAX_TARGET - 1)}…` : target;
}

/** What a client wrote, without what would steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
