import { type Balance, createChooser, type Load, type Random } from './balance.ts';
import type { Instance } from './instance.ts';
import { type Lane, parseLane, STABLE } from './lane.ts';
import { type Presence, UNSEEN, updatePresence } from './presence.ts';
import type { Chain, Routing, StaleReason } from './routing.ts';
import { nextWarmth, warmth } from './warmth.ts';

/**
 * The algebra of picks. For a wanted lane, the lanes of its chain are tried in order, and the first that is present
 * serves. Every kind of nothing has its own name:
 *
 * - **hit**: an instance of the wanted lane;
 * - **fallback**: an instance of a later lane of the chain, with the reason why the wanted one does not serve;
 * - **empty**: the service is known and no lane of the chain has a ready instance: the call must fail;
 * - **unknown**: the registry does not know the service: the call is none of ours and passes through untouched.
 *
 * A call in stable has the chain `[stable]`, so that nothing whatever can send it to an instance of another lane.
 */
export type Pick =
  | ({ readonly kind: 'hit' } & Served)
  | ({ readonly kind: 'fallback'; readonly because: FallbackReason } & Served)
  | Empty
  | { readonly kind: 'unknown' };

/** A pick that names an instance. */
export interface Served {
  readonly instance: Instance;
  /** The lane that serves. */
  readonly lane: Lane;
  /** Count the call in while it runs, so that later picks see how busy the instance is. */
  readonly load: Load;
}

/** No instance may serve the call. */
export interface Empty {
  readonly kind: 'empty';
  readonly because: FallbackReason;
}

/** Why a lane does not serve. */
export type FallbackReason =
  | StaleReason
  /** The service has no instance with this label. */
  | 'no-instances'
  /** It has some, and fewer than `minReady` of them are ready. */
  | 'not-ready'
  /** Enough are ready, and calls to them failed just now. */
  | 'ejected'
  /** Enough are back, not long enough ago. */
  | 'settling';

/** Which instances are stable: those without a label, or also those whose label is no lane of the policy. */
export type StableMode = 'unlabelled' | 'undeclared';

/** All that a picker is made of. */
export interface PickerInput {
  readonly service: string;
  readonly instances: readonly Instance[];
  readonly routing: Routing;
  readonly stableMode: StableMode;
  readonly balance: Balance;
  /** Until when an instance is ejected; 0 when it is not. */
  readonly ejectedUntil: (instance: Instance) => number;
  /** Whether an ejected instance could not even be connected to: it can take no load off the others. Default: none. */
  readonly unreachable?: (instance: Instance) => boolean;
  /** At most this share of the instances of a chain's last lane is left out by ejection. */
  readonly maxEjectedShare: number;
  readonly loadOf: (instance: Instance) => Load;
  /** How long it takes until an instance that came later than the others has its whole share. Default 0: it has it at once. */
  readonly slowStartMs?: number;
  /** When an instance came; -Infinity when it was there before. Default: all were. */
  readonly cameAt?: (instance: Instance) => number;
  /** What the picker before this one saw of each lane. */
  readonly presence: ReadonlyMap<string, Presence>;
  readonly settleMs: number;
  /** Milliseconds of a clock that does not go back. */
  readonly now: number;
}

/**
 * The momentary state of a service's instances, ready to pick from. It never changes: whatever changes makes a new one.
 * Picking is synchronous, allocates nothing and takes constant time.
 */
export interface Picker {
  pick(wanted: Lane, random: Random): Pick;
  /** For the next picker. */
  readonly presence: ReadonlyMap<string, Presence>;
  /** When time alone changes the answer and a new picker is due; Infinity when it does not. */
  readonly staleAt: number;
}

type Choose = (random: Random) => Pick;

/** The instances of one label. */
interface Group {
  readonly lane: string;
  readonly instances: Instance[];
  readonly ready: Instance[];
  /** Ready and not ejected. */
  readonly available: Instance[];
}

/** Builds the picker of one service. */
export function createPicker(input: PickerInput): Picker {
  const groups = groupByLane(input);
  const presence = new Map<string, Presence>();
  for (const lane of new Set([...groups.keys(), ...input.presence.keys()])) {
    const enough = (groups.get(lane)?.available.length ?? 0) >= needed(input, lane);
    const before = input.presence.get(lane) ?? UNSEEN;
    presence.set(lane, updatePresence(before, enough, input.now, input.settleMs));
  }
  const build = (wanted: Lane): Choose =>
    chooserFor(input.routing.chain(input.service, wanted), wanted, input, groups, presence);
  const tables = new Map<string, Choose>([[STABLE, build(STABLE)]]);
  for (const label of [...groups.keys(), ...(input.routing.declared ?? [])]) {
    const lane = parseLane(label);
    if (lane) tables.set(lane, build(lane));
  }
  // Lanes with neither an instance nor a declaration all share one answer, whatever their names are.
  const others = build(unheardOf(tables));
  return {
    pick: (wanted, random) => (tables.get(wanted) ?? others)(random),
    presence,
    staleAt: nextChange(input, presence),
  };
}

function groupByLane(input: PickerInput): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const instance of input.instances) {
    const lane = effectiveLane(instance, input);
    const group = groups.get(lane) ?? { lane, instances: [], ready: [], available: [] };
    groups.set(lane, group);
    group.instances.push(instance);
    if (instance.state !== 'ready' || instance.weight <= 0) continue;
    group.ready.push(instance);
    if (input.ejectedUntil(instance) <= input.now) group.available.push(instance);
  }
  return groups;
}

function effectiveLane(instance: Instance, { stableMode, routing }: PickerInput): string {
  const undeclared =
    stableMode === 'undeclared' && routing.declared !== undefined && !routing.declared.has(instance.lane);
  return undeclared ? STABLE : instance.lane;
}

function needed({ routing, service }: PickerInput, lane: string): number {
  return lane === STABLE ? 1 : routing.minReady(service);
}

function chooserFor(
  chain: Chain,
  wanted: Lane,
  input: PickerInput,
  groups: ReadonlyMap<string, Group>,
  presence: ReadonlyMap<string, Presence>,
): Choose {
  let because: FallbackReason | undefined = chain.stale;
  for (const [index, lane] of chain.lanes.entries()) {
    const group = groups.get(lane);
    const last = index === chain.lanes.length - 1;
    const serving = last
      ? lastResort(group, lane, input)
      : presence.get(lane)?.kind === 'present'
        ? group?.available
        : [];
    if (serving && serving.length > 0) return chooseFrom(serving, lane, lane === wanted ? undefined : because, input);
    because ??= reasonOf(group, lane, input);
  }
  const empty: Empty = { kind: 'empty', because: because ?? 'no-instances' };
  return () => empty;
}

/**
 * Where no lane comes after this one, waiting helps nobody: ejection leaves out at most a share, and nothing settles.
 * Those whose ejection ends first come back first. The share is there so that the rest is not overrun; an instance that
 * nobody can connect to takes no load, so it stays out as long as there is any other.
 */
function lastResort(group: Group | undefined, lane: Lane, input: PickerInput): readonly Instance[] {
  if (!group || group.ready.length < needed(input, lane)) return [];
  const { ejectedUntil, unreachable = () => false } = input;
  const reachable = group.ready.filter((instance) => ejectedUntil(instance) <= input.now || !unreachable(instance));
  const candidates = reachable.length > 0 ? reachable : group.ready;
  const keep = candidates.length - Math.floor(candidates.length * input.maxEjectedShare);
  if (group.available.length >= keep) return group.available;
  return candidates.toSorted((a, b) => ejectedUntil(a) - ejectedUntil(b)).slice(0, keep);
}

function chooseFrom(
  serving: readonly Instance[],
  lane: Lane,
  because: FallbackReason | undefined,
  input: PickerInput,
): Choose {
  const picks = serving.map((instance) => {
    const served: Served = { instance, lane, load: input.loadOf(instance) };
    return because === undefined
      ? ({ kind: 'hit', ...served } as const)
      : ({ kind: 'fallback', because, ...served } as const);
  });
  const weights = serving.map((instance) => instance.weight * warmth(...age(instance, input)));
  return createChooser(picks, weights, input.balance);
}

function reasonOf(group: Group | undefined, lane: Lane, input: PickerInput): FallbackReason {
  if (!group) return 'no-instances';
  if (group.ready.length < needed(input, lane)) return 'not-ready';
  return group.available.length < needed(input, lane) ? 'ejected' : 'settling';
}

/** A lane name that is in no table. */
function unheardOf(tables: ReadonlyMap<string, Choose>): Lane {
  let name = 'x';
  while (tables.has(name)) name += 'x';
  return name as Lane;
}

function nextChange(input: PickerInput, presence: ReadonlyMap<string, Presence>): number {
  let next = Number.POSITIVE_INFINITY;
  for (const state of presence.values()) if (state.kind === 'settling') next = Math.min(next, state.until);
  for (const instance of input.instances) {
    const until = input.ejectedUntil(instance);
    if (until > input.now) next = Math.min(next, until);
    const [ageMs, windowMs] = age(instance, input);
    next = Math.min(next, input.now - ageMs + nextWarmth(ageMs, windowMs));
  }
  return next;
}

/** How old an instance is, and how old it must be to have its whole share. */
function age(instance: Instance, { now, slowStartMs = 0, cameAt }: PickerInput): [ageMs: number, windowMs: number] {
  const came = slowStartMs > 0 && cameAt ? cameAt(instance) : Number.NEGATIVE_INFINITY;
  return came === Number.NEGATIVE_INFINITY ? [slowStartMs, slowStartMs] : [now - came, slowStartMs];
}
