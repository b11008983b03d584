import { type Lane, parseLane, STABLE } from './lane.ts';
import { parseTime } from './operators.ts';
import { suggest, type Value } from './shape.ts';

const LANE_FIELDS = ['owner', 'description', 'expires', 'enabled', 'fallback', 'strict', 'environment'] as const;

/** Checks the section `lanes`. Returns the names that it declares. */
export function readLanes(section: Value | undefined): ReadonlySet<string> {
  const entries = section?.entries() ?? [];
  const declared = new Set(entries.map(([name]) => name));
  for (const [name, value] of entries) {
    if (parseLane(name) === undefined)
      value.fail('is no lane name: use 1 to 40 of a-z, 0-9 and "-", no "-" at the ends');
    if (name === STABLE) value.fail('stable always exists and cannot be declared');
    const fields = value.raw === null ? undefined : value.fields(LANE_FIELDS);
    if (!fields) continue;
    fields.owner?.text();
    fields.description?.text();
    fields.enabled?.boolean();
    fields.strict?.boolean();
    for (const lane of fields.fallback?.list(1) ?? []) laneReference(lane, declared, name);
    const expires = fields.expires?.text();
    if (expires !== undefined && Number.isNaN(parseTime(expires)))
      value.at('expires').fail('is no date: write 2026-12-24');
    if (fields.environment) readOrigin(fields.environment);
  }
  return declared;
}

function readOrigin(value: Value): void {
  const text = value.text();
  if (text === undefined) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && (url.protocol === 'http:' || url.protocol === 'https:') && url.href === `${url.origin}/`;
  if (!plain) value.fail('must be an origin: http://host:port or https://host, nothing behind it');
}

/** A lane that the policy declares, or stable unless it stands where stable makes no sense. */
export function laneReference(value: Value, declared: ReadonlySet<string>, within?: string): Lane | undefined {
  const name = value.text();
  if (name === undefined) return undefined;
  if (within !== undefined && (name === within || name === STABLE))
    return value.fail(
      name === STABLE ? 'stable comes last by itself: leave it out' : 'a lane cannot fall back to itself',
    );
  if (name === STABLE) return STABLE;
  if (declared.has(name)) return name as Lane;
  return value.fail(`no lane is called "${name}"${suggest(name, [...declared])}: declare it under lanes`);
}

/** Checks the section `services`, which may name lanes that are declared. */
export function readServices(section: Value | undefined, lanes: ReadonlySet<string>): void {
  for (const [, value] of section?.entries() ?? []) {
    const fields = value.fields(['fallback', 'minReady']);
    fields?.minReady?.number({ min: 1, max: 1000, integer: true });
    for (const [lane, chain] of fields?.fallback?.entries() ?? []) {
      if (!lanes.has(lane))
        chain.fail(`no lane is called "${lane}"${suggest(lane, [...lanes])}: declare it under lanes`);
      if (chain.raw === 'strict') continue;
      if (!Array.isArray(chain.raw)) chain.fail('must be "strict" or a list of lanes to try before stable');
      else for (const item of chain.list() ?? []) laneReference(item, lanes, lane);
    }
  }
}
