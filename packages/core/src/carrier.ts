import { isSpace, trimSpace } from './bytes.ts';
import { type Lane, parseLane, STABLE } from './lane.ts';

/** The baggage member that carries the lane. */
export const BAGGAGE_KEY = 'graylane';

/** The header that copies the lane for meshes and logs which match one plain header. Baggage wins over it. */
export const LANE_HEADER = 'x-graylane';

/**
 * The lane in a W3C `baggage` header value: our member wherever it stands, the last valid one when it is repeated,
 * properties ignored. Undefined when there is none. Constant memory, linear time, never throws.
 * Source: https://www.w3.org/TR/baggage/#header-content
 */
export function readLane(baggage: string | undefined): Lane | undefined {
  if (baggage === undefined) return undefined;
  let lane: Lane | undefined;
  for (let at = baggage.indexOf(BAGGAGE_KEY); at !== -1; at = baggage.indexOf(BAGGAGE_KEY, at + 1)) {
    if (!startsMember(baggage, at)) continue;
    lane = laneValue(baggage, at + BAGGAGE_KEY.length) ?? lane;
  }
  return lane;
}

/**
 * A `baggage` header value that carries `lane` as its first member and all other members untouched and in order; no
 * member of ours for stable. Undefined when nothing is left to send. The same string comes back when nothing changes.
 */
export function writeLane(baggage: string | undefined, lane: Lane): string | undefined {
  const member = lane === STABLE ? '' : `${BAGGAGE_KEY}=${lane}`;
  if (baggage === undefined || baggage === '') return member || undefined;
  if (!baggage.includes(BAGGAGE_KEY)) return member === '' ? baggage : `${member},${baggage}`;
  if (member !== '' && isOnlyOurs(baggage, member)) return baggage;
  const others = baggage.split(',').filter((part) => !isOurs(part));
  if (others.every((part) => trimSpace(part) === '')) return member || undefined;
  const rest = others.join(',');
  return member === '' ? rest : `${member},${rest}`;
}

/** Whether a `baggage` header value has a member of ours, valid or not. */
export function hasLaneMember(baggage: string): boolean {
  return baggage.includes(BAGGAGE_KEY) && baggage.split(',').some(isOurs);
}

function isOurs(member: string): boolean {
  const end = member.search(/[=;]/);
  return trimSpace(end === -1 ? member : member.slice(0, end)) === BAGGAGE_KEY;
}

/** Whether the header begins with exactly our member, and mentions our key nowhere else. */
function isOnlyOurs(baggage: string, member: string): boolean {
  if (!baggage.startsWith(member) || baggage.indexOf(BAGGAGE_KEY, 1) !== -1) return false;
  return baggage.length === member.length || baggage[member.length] === ',';
}

function startsMember(baggage: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isSpace(baggage.charCodeAt(before))) before--;
  return before < 0 || baggage[before] === ',';
}

/** Reads `OWS "=" OWS value OWS` up to `,` or `;` or the end, where value must be a lane name. */
function laneValue(baggage: string, from: number): Lane | undefined {
  let at = from;
  while (isSpace(baggage.charCodeAt(at))) at++;
  if (baggage[at] !== '=') return undefined;
  let start = at + 1;
  while (isSpace(baggage.charCodeAt(start))) start++;
  let end = start;
  while (end < baggage.length && baggage[end] !== ',' && baggage[end] !== ';') end++;
  while (end > start && isSpace(baggage.charCodeAt(end - 1))) end--;
  // Most requests are in the lane of the last one: that name is at hand, and whoever looks it up next knows its hash.
  if (end - start === lastRead.length && baggage.startsWith(lastRead, start)) return lastRead;
  const lane = parseLane(baggage.slice(start, end));
  lastRead = lane ?? lastRead;
  return lane;
}

let lastRead: Lane = STABLE;
