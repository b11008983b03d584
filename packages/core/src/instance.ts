import { GraylaneError } from './errors.ts';
import { parseIP } from './ip.ts';
import { STABLE } from './lane.ts';
import { issueCollector, Value } from './shape.ts';

/** Whether an instance may get requests: only `ready` ones do. */
export type InstanceState = 'ready' | 'draining' | 'down';

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/i;

const STATES: readonly InstanceState[] = ['ready', 'draining', 'down'];

/** One address of a service. */
export interface Instance {
  /** Unique within the service. */
  readonly id: string;
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** Its label: a lane, or `stable`. A label that is no lane name is kept, and no request ever picks it. */
  readonly lane: string;
  /** Its share among instances of its lane; 0 gets nothing. Default 1. */
  readonly weight: number;
  readonly zone: string;
  readonly state: InstanceState;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Metadata keys that name a lane, the first present one wins: ours, and those of products that teams already run. Where
 * lanes are kept under `version`, add that: by default it is left alone, for it mostly says `1.4.2`.
 */
export const LANE_KEYS: readonly string[] = ['lane', 'graylane.io/lane', 'alicloud.service.tag', 'dubbo.tag'];

/** The lane label in an instance's metadata; stable when there is none. */
export function laneLabel(metadata: Readonly<Record<string, string>>, keys: readonly string[] = LANE_KEYS): string {
  for (const key of keys) {
    const label = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    if (label !== undefined && label !== '') return label;
  }
  return STABLE;
}

/** `host:port`, with brackets where IPv6 needs them. */
export function authorityOf(instance: Pick<Instance, 'host' | 'port'>): string {
  return instance.host.includes(':') ? `[${instance.host}]:${instance.port}` : `${instance.host}:${instance.port}`;
}

/** An instance from what a person or another process wrote; undefined with what is wrong reported. */
export function readInstance(value: Value, service?: string): Instance | undefined {
  const fields = value.fields(['id', 'service', 'host', 'port', 'lane', 'weight', 'zone', 'state', 'metadata']);
  if (!fields) return undefined;
  const name = service ?? value.at('service').text({ max: 200 });
  const host = readHost(value.at('host'));
  const port = value.at('port').number({ min: 1, max: 65_535, integer: true });
  const weight = fields.weight ? fields.weight.number({ min: 0, max: 10_000 }) : 1;
  const state = fields.state ? fields.state.oneOf(STATES) : 'ready';
  const metadata = readMetadata(fields.metadata);
  const lane = fields.lane ? fields.lane.text({ max: 100 }) : metadata && laneLabel(metadata);
  const id = fields.id ? fields.id.text({ max: 300 }) : `${host?.includes(':') ? `[${host}]` : host}:${port}`;
  const zone = fields.zone ? fields.zone.text({ empty: true, max: 100 }) : '';
  if (name === undefined || host === undefined || port === undefined || weight === undefined) return undefined;
  if (state === undefined || metadata === undefined || lane === undefined || id === undefined || zone === undefined)
    return undefined;
  return Object.freeze({ id, service: name, host, port, lane, weight, zone, state, metadata });
}

/**
 * Instances from the value of a JSON or YAML text: a list of them, each with its `service`.
 *
 * @throws GraylaneError `GL_INSTANCES_INVALID` with every mistake
 */
export function parseInstances(input: unknown, options: { service?: string } = {}): Instance[] {
  const { issues, report } = issueCollector();
  const seen = new Set<string>();
  const instances = new Value(input, [], report).list()?.map((item) => {
    const instance = readInstance(item, options.service);
    const key = instance && JSON.stringify([instance.service, instance.id]);
    if (key !== undefined && seen.has(key))
      return item.fail(`"${instance?.id}" is there already: give each its own id`);
    if (key !== undefined) seen.add(key);
    return instance;
  });
  if (issues.length > 0) throw new GraylaneError('GL_INSTANCES_INVALID', 'The instances have mistakes:', { issues });
  return instances?.filter((instance) => instance !== undefined) ?? [];
}

/** A host name, or an address without brackets. */
function readHost(value: Value): string | undefined {
  const host = value.text({ max: 253 });
  if (host === undefined || parseIP(host) || HOST_NAME.test(host)) return host;
  return value.fail(`"${host}" is neither a host name nor an IP address`);
}

function readMetadata(value: Value | undefined): Readonly<Record<string, string>> | undefined {
  if (!value) return Object.freeze({});
  const entries = value.entries()?.map(([key, item]) => [key, item.text({ empty: true, max: 1000 })] as const);
  if (!entries?.every((entry): entry is readonly [string, string] => entry[1] !== undefined)) return undefined;
  return Object.freeze(Object.fromEntries(entries));
}
