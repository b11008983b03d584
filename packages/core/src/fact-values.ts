import { readAgent } from './agent.ts';
import { agentSamples } from './agent-samples.ts';
import { addressValues, type BoundaryValues, numberValues, timeValues, versionValues } from './boundary-values.ts';
import { type ByteText, foldCase, toBytes } from './bytes.ts';
import { canBe, isAlwaysThere, valuesOf } from './fact-domain.ts';
import { fulfils, type Literal } from './formula.ts';
import { regexSamples } from './regex-samples.ts';
import { factIn, withFact } from './request-builder.ts';

/** How many values of a set are tried, and how many values in all. */
const MAX_MEMBERS = 2_000;
const MAX_TRIED = 6_000;

/** What a request has that nobody asked for anything of, so that examples look like requests. */
const ORDINARY: Readonly<Record<string, readonly string[]>> = {
  method: ['GET', 'POST', 'PUT'],
  path: ['/', '/cart', '/x'],
  host: ['shop.example.com', 'www.example.org'],
  ip: ['203.0.113.9', '198.51.100.7', '2001:db8::9'],
  'geo.country': ['SG', 'NO'],
};

/** The header that the parts of an agent are read from. */
const AGENT_HEADER = 'header.user-agent';

/** Where in a request a literal's fact stands: `header.user-agent` for `agent.device`, else the fact itself. */
export function carrierOf({ fact }: Literal): string {
  return fact.startsWith('agent.') ? AGENT_HEADER : fact;
}

/**
 * A value for one carrier with which all literals on it are fulfilled: undefined for a request without it, `none` when
 * no value was found, which does not mean that there is none.
 *
 * @param now the time of a request of which none is asked, in milliseconds
 */
export function valueFor(carrier: string, literals: readonly Literal[], now: number): ByteText | undefined | 'none' {
  let tried = 0;
  for (const value of candidates(carrier, literals, now)) {
    if (++tried > MAX_TRIED) break;
    if (!literals.every((literal) => fulfils(literal, partOf(literal, carrier, value)))) continue;
    if (value === undefined || isPlaceable(carrier, value, now)) return value;
  }
  return 'none';
}

function isPlaceable(carrier: string, value: ByteText, now: number): boolean {
  if (carrier === 'path' && !/^[/*]/.test(value)) return false; // no entry would see it
  return canBe(carrier, value) && factIn(withFact(carrier, value, now), carrier) === value;
}

/** A literal's fact in its carrier. */
function partOf({ fact }: Literal, carrier: string, value: ByteText | undefined): ByteText | undefined {
  if (fact === carrier || value === undefined) return value;
  return readAgent(value, fact.slice('agent.'.length) as Parameters<typeof readAgent>[1]);
}

/** Values worth trying, the plainest first. */
function* candidates(carrier: string, literals: readonly Literal[], now: number): Generator<ByteText | undefined> {
  if (carrier === 'time') yield new Date(now).toISOString();
  if (carrier === 'method' || carrier === 'path') yield* ORDINARY[carrier] ?? [];
  if (!isAlwaysThere(carrier)) yield undefined;
  const parts = literals.filter(({ fact }) => fact !== carrier);
  yield* valuesToTry(
    carrier,
    literals.filter(({ fact }) => fact === carrier),
  );
  if (parts.length > 0)
    yield* agentSamples(versionsFor('agent.osVersion', parts), versionsFor('agent.browserVersion', parts));
}

/** What the literals on one fact speak of, before anything else. */
function* valuesToTry(fact: string, literals: readonly Literal[]): Generator<ByteText> {
  yield* valuesOf(fact) ?? [];
  for (const literal of literals) yield* membersOf(literal);
  yield* boundaryValues(literals);
  yield* textsFor(literals);
  yield* ORDINARY[fact] ?? [];
  yield* ['1', 'x', '0', 'other', '', '/x', '2.0.0', '203.0.113.9', '2026-01-01', 'a-b', 'X', '北京'].map(toBytes);
}

function* membersOf({ operator, operand, ignoreCase, wanted }: Literal): Generator<ByteText> {
  if (!wanted || (operator !== 'equals' && operator !== 'in')) return;
  const members = (operator === 'in' ? operand : [operand]) as readonly string[];
  for (const member of members.slice(0, MAX_MEMBERS)) {
    yield toBytes(member);
    if (ignoreCase) yield foldCase(toBytes(member));
  }
}

const KINDS: readonly (readonly [
  operators: readonly string[],
  values: (literals: readonly Literal[]) => BoundaryValues,
])[] = [
  [['gt', 'gte', 'lt', 'lte', 'range', 'mod'], numberValues],
  [['cidr'], addressValues],
  [['semver'], versionValues],
  [['before', 'after'], timeValues],
];

function* boundaryValues(literals: readonly Literal[]): Generator<ByteText> {
  for (const [operators, valuesFor] of KINDS) {
    const concerned = literals.filter(({ operator }) => operators.includes(operator));
    if (concerned.length > 0) yield* valuesFor(concerned).values;
  }
}

/** Texts made of the beginnings, parts, ends and expressions that are asked for, in several arrangements. */
function* textsFor(literals: readonly Literal[]): Generator<ByteText> {
  const wanted = (operator: string): string[] =>
    literals.filter((each) => each.wanted && each.operator === operator).map((each) => each.operand as string);
  const [prefix = ''] = wanted('prefix').sort(longestFirst);
  const [suffix = ''] = wanted('suffix').sort(longestFirst);
  const inner = wanted('contains').join('');
  const samples = ['', ...wanted('matches').flatMap(regexSamples)];
  if (prefix === '' && suffix === '' && inner === '' && samples.length === 1) return;
  for (const filling of ['', 'x', '1', '/', '-', '.', 'other'])
    for (const sample of samples) {
      const texts = [
        `${prefix}${sample}${inner}${filling}${suffix}`,
        `${prefix}${inner}${filling}${sample}${suffix}`,
        `${sample}${filling}${inner}${suffix}`,
        `${prefix}${filling}${inner}${sample}`,
        `${overlapped(prefix, suffix)}${filling}`,
        prefix === '' ? '' : `${prefix}${'2026-01-01T00:00:00.000Z'.slice(prefix.length)}`,
      ];
      yield* texts.filter((text) => text !== '').map(toBytes);
    }
}

function longestFirst(a: string, b: string): number {
  return b.length - a.length;
}

/** Two texts written as one, what ends the first being what begins the second where that can be. */
function overlapped(first: string, second: string): string {
  for (let at = 0; at < first.length; at++)
    if (second.startsWith(first.slice(at))) return `${first.slice(0, at)}${second}`;
  return `${first}${second}`;
}

/** Versions worth putting into a `user-agent` header. */
function versionsFor(fact: string, literals: readonly Literal[]): string[] {
  const concerned = literals.filter((literal) => literal.fact === fact);
  const usual = fact === 'agent.osVersion' ? '17.5' : '126.0';
  const values = [usual, ...valuesToTry(fact, concerned)].filter((value) => canBe(fact, value));
  const fitting = [...new Set(values)].filter((value) => concerned.every((literal) => fulfils(literal, value)));
  return fitting.length === 0 ? [usual] : fitting.slice(0, 8);
}
