import fc from 'fast-check';

/** The lanes that a topology may have beside stable. */
export const LANES = ['gray', 'blue'] as const;
export type LaneName = (typeof LANES)[number] | 'stable';

/** A service in the chain: all its instances are written and call alike. */
export interface ServiceModel {
  readonly framework: 'http' | 'express' | 'koa';
  readonly client: 'got' | 'undici';
  readonly instances: readonly { readonly lane: LaneName; readonly state: 'ready' | 'draining' | 'down' }[];
}

/** What a policy says of lanes and services, in the form that its file has. */
export interface PolicyModel {
  readonly lanes: Readonly<Record<string, { enabled?: boolean; strict?: boolean; fallback?: readonly string[] }>>;
  readonly services: Readonly<
    Record<string, { minReady?: number; fallback?: Record<string, 'strict' | readonly string[]> }>
  >;
}

/** Services `s0`, `s1` … of which each calls the next, and the policy over them. */
export interface Topology {
  readonly services: readonly ServiceModel[];
  readonly policy: PolicyModel;
}

/** One step that the oracle foretells: which lane serves; undefined where none may. */
export type Step = LaneName | undefined;

const lane = fc.constantFrom<LaneName>('stable', ...LANES);

const service: fc.Arbitrary<ServiceModel> = fc.record({
  framework: fc.constantFrom('http', 'express', 'koa'),
  client: fc.constantFrom('got', 'undici'),
  instances: fc.array(
    fc.record({
      lane,
      state: fc.oneof({ weight: 6, arbitrary: fc.constant('ready' as const) }, fc.constantFrom('draining', 'down')),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** A service's word about a lane; it does not fall back to itself. */
const overrideOf = (own: string): fc.Arbitrary<'strict' | readonly string[]> =>
  fc.constantFrom<'strict' | readonly string[]>(
    'strict',
    LANES.filter((other) => other !== own),
  );

const declarations = fc.record({
  gray: fc.record({ enabled: fc.boolean(), strict: fc.boolean() }, { requiredKeys: [] }),
  blue: fc.record({ strict: fc.boolean(), fallback: fc.constant(['gray']) }, { requiredKeys: [] }),
});

const routing = fc.record(
  {
    minReady: fc.integer({ min: 1, max: 2 }),
    fallback: fc.record(
      {
        gray: overrideOf('gray'),
        blue: overrideOf('blue'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** Chains of two to five services with any instances in any lanes, and policies that say anything about them. */
export const topologies: fc.Arbitrary<Topology> = fc.record({
  services: fc.array(service, { minLength: 2, maxLength: 5 }),
  policy: fc.record({ lanes: declarations, services: fc.dictionary(fc.constantFrom('s0', 's1', 's2'), routing) }),
});

/** What must become of a request in a lane, hop by hop: the design's words, as naively as they can be written down. */
export function foretell({ services, policy }: Topology, wanted: LaneName): Step[] {
  const steps: Step[] = [];
  for (const [index, { instances }] of services.entries()) {
    const { minReady = 1 } = policy.services[`s${index}`] ?? {};
    const ready = (name: string): number =>
      instances.filter((instance) => instance.lane === name && instance.state === 'ready').length;
    const serving = chainOf(policy, `s${index}`, wanted).find(
      (name) => ready(name) >= (name === 'stable' ? 1 : minReady),
    );
    steps.push(serving as Step);
    if (serving === undefined) break;
  }
  return steps;
}

function chainOf({ lanes, services }: PolicyModel, service: string, wanted: LaneName): string[] {
  if (wanted === 'stable' || lanes[wanted]?.enabled === false) return ['stable'];
  const override = services[service]?.fallback?.[wanted];
  if (override === 'strict') return [wanted];
  const others = (override ?? lanes[wanted]?.fallback ?? []).filter((name) => lanes[name]?.enabled !== false);
  const strict = override === undefined && lanes[wanted]?.strict === true;
  return strict ? [wanted, ...others] : [wanted, ...others, 'stable'];
}
