import { styleText } from 'node:util';
import { authorityOf, fromBytes, type Pick, STABLE } from '@graylane/core';
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

/** What of a request's headers a log keeps. Nothing, unless it is named: headers hold secrets. */
export interface LoggedHeaders {
  /** Names in lower case. */
  readonly headers: readonly string[];
  /** Names of cookies; of the others nothing is kept. */
  readonly cookies: readonly string[];
}

const NO_HEADERS: LoggedHeaders = { headers: [], cookies: [] };

/**
 * An exchange as one line of JSON, for machines: the format that log collectors take. With the headers that a policy looks
 * at, a day of it can be replayed against another policy; {@link requestOfLog} reads it back.
 */
export function exchangeLine(exchange: ExchangeRecord, logged: LoggedHeaders = NO_HEADERS): string {
  const { at, pick, decision, error, requestID, ms, lines, facts: _, ...rest } = exchange;
  const headers = headersOf(lines, logged);
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
    ...(headers.length > 0 && { headers }),
  });
}

/** What else may have decided: no policy has a say in that. */
const NOT_BY_RULES: ReadonlySet<unknown> = new Set(['carried', 'pass', 'pinned']);

/**
 * The request of a log's line, as `spec/requests.md` has it, with the lane that it had. Undefined for a request that was
 * refused before it had one, or whose lane no rule decided; what is no line of a log comes back as it is.
 */
export function requestOfLog(line: unknown): unknown {
  if (typeof line !== 'object' || line === null || !('target' in line)) return line;
  const { requestID, method, host, target, ip, time, lane, by, headers } = line as Record<string, unknown>;
  if (lane === undefined || NOT_BY_RULES.has(by)) return undefined;
  const [path, query] = typeof target === 'string' ? splitTarget(target) : [target];
  const all = { id: requestID, method, host, path, query, ip, time, lane, headers };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function splitTarget(target: string): [path: string, query?: string] {
  const [, path = '/', query] = /^(?:https?:\/\/[^/?]+)?([^?]*)(?:\?(.*))?$/is.exec(target) ?? [];
  return query === undefined ? [path || '/'] : [path || '/', query];
}

function headersOf(lines: readonly string[], { headers, cookies }: LoggedHeaders): readonly [string, string][] {
  const kept: [string, string][] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = (lines[at] as string).toLowerCase();
    const value = lines[at + 1] as string;
    if (headers.includes(name)) kept.push([name, fromBytes(value)]);
    else if (name === 'cookie') {
      const crumbs = value.split(';').filter((crumb) => cookies.includes(crumb.split('=', 1)[0]?.trim() ?? ''));
      if (crumbs.length > 0) kept.push([name, fromBytes(crumbs.map((crumb) => crumb.trim()).join('; '))]);
    }
  }
  return kept;
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
    case 'pass':
      return 'by a pass';
    case 'pinned':
      return `rule ${decision.rule}, pinned`;
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
