import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  bucketOf,
  type CompiledPolicy,
  compilePolicy,
  createPicker,
  createRouting,
  DEFAULT_ROUTING,
  decide,
  headerValue,
  laneLabel,
  murmur3,
  type Pick,
  parseInstances,
  parseLane,
  parsePolicy,
  type RequestFacts,
  readLane,
  requestFacts,
  type Served,
  toBytes,
  writeLane,
} from '../src/index.ts';

// A runner for spec/vectors. To write one in another language, read spec/vectors/README.md and then this file.

type Text = string | { readonly base64: string };
type Headers = Readonly<Record<string, Text>> | readonly (readonly [string, Text])[];
type Given = Omit<Partial<RequestFacts>, 'headers' | 'time'> & {
  readonly url?: string;
  readonly headers?: Headers;
  readonly time?: string | number;
};
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields, which its README lists
type Case = any;

/** The bytes that a text of a vector stands for: its UTF-8, or what is written in base64. */
const bytes = (text: Text): string =>
  typeof text === 'string' ? toBytes(text) : Buffer.from(text.base64, 'base64').toString('latin1');

const linesOf = (headers: Headers = {}): string[] =>
  (Array.isArray(headers) ? headers : Object.entries(headers)).flatMap(([name, value]) => [name, bytes(value)]);

/** A request as spec/requests.md writes it. */
function requestOf({ url = '', headers, time = 0, ...given }: Given): RequestFacts {
  const [, host, path, query] = /^\w+:\/\/([^/?]*)([^?]*)\??(.*)$/.exec(url) ?? [];
  const parts = { ...(url !== '' && { host, path, query }), ...given };
  const wire = Object.entries(parts).map(([name, value]) => [name, typeof value === 'string' ? bytes(value) : value]);
  return requestFacts({ ...Object.fromEntries(wire), headers: linesOf(headers), time: new Date(time).getTime() });
}

const compile = (policy: unknown, files: Readonly<Record<string, readonly string[]>> = {}): CompiledPolicy =>
  compilePolicy(parsePolicy(policy), new Map(Object.entries(files)));

/** All that a pick may answer: the ids that a thousand draws lead to. */
function answerOf({ instances, policy, wanted, ejected = [], lost = [], stableMode = 'unlabelled' }: Case): object {
  const laneOf = ({ metadata = {} }: Case): string => laneLabel(metadata);
  const full = instances.map((each: Case) => ({ host: each.id, port: 80, lane: laneOf(each), ...each }));
  const picker = createPicker({
    service: 'orders',
    instances: parseInstances(full, { service: 'orders' }),
    routing: policy ? createRouting(parsePolicy(policy)) : DEFAULT_ROUTING,
    stableMode,
    balance: 'p2c',
    ejectedUntil: ({ id }) => (ejected.includes(id) ? 2000 + ejected.indexOf(id) : 0),
    maxEjectedShare: 0.5,
    loadOf: () => ({ inFlight: 0 }),
    presence: new Map(lost.map((lane: string) => [lane, { kind: 'absent' }])),
    settleMs: 1000,
    now: 1000,
  });
  let draws = 0;
  const random = (): number => (draws++ * 0.618_034) % 1; // spreads evenly
  const picks = Array.from({ length: 1000 }, () => picker.pick(wanted, random));
  const [first] = picks;
  if (first?.kind === 'unknown' || first?.kind === 'empty') return first;
  const { instance: _, load: __, ...answer } = first as Extract<Pick, Served>;
  const ids = new Set(picks.map((pick) => ('instance' in pick ? pick.instance.id : pick.kind)));
  return { ...answer, candidates: [...ids].sort() };
}

const RUNNERS: Readonly<Record<string, (vector: Case) => void>> = {
  'carrier-read': ({ headers, expect: lane }) => {
    const lines = linesOf(headers);
    const copy = parseLane(headerValue(lines, 'x-graylane'));
    expect(readLane(headerValue(lines, 'baggage')) ?? copy ?? null).toBe(lane);
  },
  'carrier-write': ({ baggage, lane, expect: written }) => {
    expect(writeLane(baggage === null ? undefined : bytes(baggage), lane) ?? null).toBe(written && bytes(written));
  },
  bucket: ({ salt, key, hash, bucket }) => {
    expect(murmur3(`${bytes(salt)}:${bytes(key)}`)).toBe(hash);
    expect(bucketOf(bytes(salt), bytes(key))).toBe(bucket);
  },
  decide: ({ policy, files, request, expect: decision }) => {
    expect(decide(compile(policy, files), requestOf(request))).toEqual(decision);
  },
  condition: ({ when, holds, fails }) => {
    const policy = compile({ version: 1, lanes: { gray: {} }, rules: [{ name: 'r', when, lane: 'gray' }] });
    const lane = (given: Given): unknown => [given, decide(policy, requestOf(given)).lane];
    expect(holds.map(lane)).toEqual(holds.map((given: Given) => [given, 'gray']));
    expect(fails.map(lane)).toEqual(fails.map((given: Given) => [given, 'stable']));
  },
  pick: ({ expect: answer, ...given }) => {
    expect(answerOf(given)).toEqual(answer);
  },
};

const directory = new URL('../../../spec/vectors/', import.meta.url);
const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
describe.each(names)('%s', (name) => {
  const { kind, cases, policy, files } = JSON.parse(readFileSync(new URL(name, directory), 'utf8'));
  it.each<Case>(cases)(`${kind}: $name`, ({ name: _, ...vector }) => {
    expect(RUNNERS).toHaveProperty(kind);
    RUNNERS[kind]?.({ ...(policy && { policy }), ...(files && { files }), ...vector });
  });
});
