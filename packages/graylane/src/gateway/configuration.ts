import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { type GatewayConfig, parseGatewayConfig } from '@graylane/gateway';
import { unreadable } from '../failure.ts';

/** A configuration with where it is from. */
export interface Configuration {
  readonly path: string;
  readonly text: string;
  /** 16 hexadecimal digits that tell one text from another. */
  readonly revision: string;
  readonly config: GatewayConfig;
}

/**
 * Reads a configuration file.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake
 */
export async function readConfiguration(path: string): Promise<Configuration> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw unreadable(path, error);
  });
  return parseConfiguration(path, text);
}

/** As {@link readConfiguration}, for a text that was read already. */
export function parseConfiguration(path: string, text: string): Configuration {
  const revision = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { path, text, revision, config: parseGatewayConfig(text) };
}

/** What a running gateway can take over from a new configuration. */
const LIVE: ReadonlySet<string> = new Set(['routes', 'trust', 'timeouts', 'log', 'limits.bodyBytes']);

/** What changes from one configuration to another, by the names of its fields. */
export interface Changes {
  readonly live: readonly string[];
  /** What stays as it was until a restart. */
  readonly restart: readonly string[];
}

/** Compares two configurations by the fields that their files have; of the limits, each by itself. */
export function changesBetween(before: GatewayConfig, after: GatewayConfig): Changes {
  const { limits, edge, ...rest } = before;
  const { limits: newLimits, edge: newEdge, ...newRest } = after;
  const others = [...differing(rest, newRest), ...differing(limits, newLimits).map((name) => `limits.${name}`)];
  const { live = [], restart = [] } = Object.groupBy(others, (name) => (LIVE.has(name) ? 'live' : 'restart'));
  return { live: [...live, ...differing(edge, newEdge)], restart };
}

function differing(before: object, after: object): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(Reflect.get(before, name), Reflect.get(after, name)));
}

/** What is in force when a running gateway has taken over what it can. */
export function takeLive(before: GatewayConfig, after: GatewayConfig): GatewayConfig {
  const { routes: _, ...rest } = before;
  const { routes, trust, timeouts, log, edge } = after;
  return {
    ...rest,
    ...(routes && { routes }),
    trust,
    timeouts,
    log,
    edge,
    limits: { ...before.limits, bodyBytes: after.limits.bodyBytes },
  };
}
