import { GraylaneError, type Network, openDocument, parseNetwork, type Value } from '@graylane/core';
import { GATEWAY_LIMITS, type GatewayLimits } from './gateway.ts';
import type { Route } from './routes.ts';
import type { Trust } from './trust.ts';
import { UPSTREAM_TIMEOUTS, type UpstreamTimeouts } from './upstream.ts';

/** Where something listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The gateway's own configuration, as its file has it. */
export interface GatewayConfig {
  /** `8080` or `0.0.0.0:8080`. Default 127.0.0.1:8080. */
  readonly listen: ListenAddress;
  /** For probes and status. Default: not served. */
  readonly admin?: ListenAddress;
  /** Where instances come from: `http://127.0.0.1:8700`, `file:instances.yaml`. */
  readonly registry: string;
  /** The policy's file. */
  readonly policy: string;
  /** Where the last good instances and policy are kept. Default: nowhere. */
  readonly stateDirectory?: string;
  /** Default: the host's name is the service. */
  readonly routes?: readonly Route[];
  readonly trust: Trust;
  readonly limits: GatewayLimits;
  readonly timeouts: UpstreamTimeouts;
}

const ROOT_FIELDS = [
  'listen',
  'admin',
  'registry',
  'policy',
  'stateDirectory',
  'routes',
  'trust',
  'limits',
  'timeouts',
] as const;

/**
 * Reads a gateway's configuration from YAML or JSON text, or from the value of one.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake, each with its path and what to do
 */
export function parseGatewayConfig(input: unknown): GatewayConfig {
  const { root, issues } = openDocument(input);
  const config = root && readConfig(root);
  if (config && issues.length === 0) return config;
  throw new GraylaneError('GL_CONFIG_INVALID', "The gateway's configuration has mistakes:", { issues });
}

function readConfig(root: Value): GatewayConfig | undefined {
  const fields = root.fields(ROOT_FIELDS);
  if (!fields) return undefined;
  const registry = root.at('registry').text();
  const policy = root.at('policy').text();
  const listen = fields.listen ? readAddress(fields.listen) : { host: '127.0.0.1', port: 8080 };
  const admin = fields.admin && readAddress(fields.admin);
  const stateDirectory = fields.stateDirectory?.text();
  const routes = fields.routes && readRoutes(fields.routes);
  const trust = readTrust(fields.trust);
  const limits = readNumbers(fields.limits, GATEWAY_LIMITS);
  if (limits.headersMs > limits.requestMs)
    root
      .at('limits')
      .fail(`headersMs (${limits.headersMs}) must not be more than requestMs (${limits.requestMs}), which contains it`);
  const timeouts = readNumbers(fields.timeouts, UPSTREAM_TIMEOUTS);
  if (registry === undefined || policy === undefined || listen === undefined) return undefined;
  return {
    listen,
    registry,
    policy,
    trust,
    limits,
    timeouts,
    ...(admin && { admin }),
    ...(stateDirectory !== undefined && { stateDirectory }),
    ...(routes && { routes }),
  };
}

const ADDRESS = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):)?(\d{1,5})$/;

/** `8080`, `"127.0.0.1:8080"` or `"[::1]:8080"`. */
function readAddress(value: Value): ListenAddress | undefined {
  const text = typeof value.raw === 'number' ? String(value.raw) : value.raw;
  const found = typeof text === 'string' ? ADDRESS.exec(text) : null;
  if (!found || Number(found[3]) > 65_535)
    return value.fail('must be a port or host:port, as 8080, "0.0.0.0:8080" or "[::1]:8080"');
  return { host: found[1] ?? found[2] ?? '127.0.0.1', port: Number(found[3]) };
}

/** Routes of which no two say the same: which of them held would depend on their order. */
function readRoutes(value: Value): readonly Route[] | undefined {
  const seen = new Set<string>();
  return value.list(1)?.flatMap((item) => {
    const route = readRoute(item);
    if (!route) return [];
    const place = `${route.host?.toLowerCase() ?? '*'}${route.path?.replace(/\/$/, '') ?? ''}`;
    if (seen.has(place)) item.fail('has the host and path of another route: keep one');
    seen.add(place);
    return [route];
  });
}

const HOST = /^(?:\*|(?:\*\.)?[^*:/\s[\]]+|\[[0-9A-Fa-f:.]+\])$/;

function readRoute(value: Value): Route | undefined {
  const fields = value.fields(['host', 'path', 'service']);
  if (!fields) return undefined;
  const service = value.at('service').text({ max: 200 });
  const host = fields.host?.text({ max: 253 });
  const path = fields.path?.text({ max: 1000 });
  if (host !== undefined && !HOST.test(host))
    value.at('host').fail('must be a name without port; "*" only as the whole or before the first dot: *.example.com');
  if (path !== undefined && !/^\/[^?#\s]*$/.test(path)) value.at('path').fail('must be a path that begins with "/"');
  return service === undefined ? undefined : { service, ...(host && { host }), ...(path && { path }) };
}

/**
 * A route in one word, as the command line takes it: `/cart=cart`, `shop.example.com/=storefront`.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID`
 */
export function parseRoute(text: string): Route {
  const [, host = '', path = '', service = ''] = /^([^/=]*)(\/[^=]*)?=([^=]+)$/.exec(text) ?? [];
  const { root, issues } = openDocument({ ...(host && { host }), ...(path && { path }), service });
  const route = root && readRoute(root);
  if (route && issues.length === 0) return route;
  throw new GraylaneError('GL_CONFIG_INVALID', `"${text}" is no route: write [HOST][/PATH]=SERVICE, as /cart=cart`, {
    issues,
  });
}

function readTrust(value: Value | undefined): Trust {
  const fields = value?.fields(['lanes', 'proxies']);
  return { lanes: readNetworks(fields?.lanes), proxies: readNetworks(fields?.proxies) };
}

function readNetworks(value: Value | undefined): readonly Network[] {
  const networks = value?.list()?.map((item) => {
    const text = item.text();
    return text === undefined ? undefined : (parseNetwork(text) ?? item.fail('is no network: write 10.0.0.0/8'));
  });
  return networks?.filter((network) => network !== undefined) ?? [];
}

/** The longest time that a timer of Node can be set to: after more, it goes off at once. */
const MAX_MS = 2 ** 31 - 1;

/** Numbers by name, each at least 1; what is not given is as in `defaults`. */
function readNumbers<Numbers extends { readonly [Name in keyof Numbers]: number }>(
  value: Value | undefined,
  defaults: Numbers,
): Numbers {
  const names = Object.keys(defaults) as (keyof Numbers & string)[];
  const fields = value?.fields(names);
  const given = names.map((name) => {
    const max = name.endsWith('Ms') ? MAX_MS : Number.MAX_SAFE_INTEGER;
    return [name, fields?.[name]?.number({ min: 1, max, integer: true }) ?? defaults[name]] as const;
  });
  return Object.fromEntries(given) as Numbers;
}
