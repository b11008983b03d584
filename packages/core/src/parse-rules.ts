import { BUCKETS, createBucketer } from './bucket.ts';
import { type ByteText, toBytes } from './bytes.ts';
import { type ConditionNode, type ConditionScope, compileCondition } from './condition.ts';
import type { Decision } from './decision.ts';
import type { FactReader } from './facts.ts';
import { type Lane, STABLE } from './lane.ts';
import { laneReference } from './parse-lanes.ts';
import { Value } from './shape.ts';

/** A rule ready to be evaluated. */
export interface CompiledRule {
  readonly name: string;
  /** Undefined: every request matches. */
  readonly when: ConditionNode | undefined;
  readonly outcome: CompiledOutcome;
}

/** What a matching rule leads to, with every decision that it can make. */
export type CompiledOutcome =
  | { readonly kind: 'lane'; readonly lane: Lane; readonly decision: Decision }
  | CompiledSplit;

/** Shares by bucket. */
export interface CompiledSplit {
  readonly kind: 'split';
  /** The fact that is hashed, and its reader. */
  readonly by: string;
  readonly key: FactReader;
  readonly salt: ByteText;
  readonly bucket: (key: ByteText) => number;
  /** Ascending: a bucket below `below` (and not below an earlier one) is in `lane`. */
  readonly ranges: readonly { readonly lane: Lane; readonly below: number; readonly decision: Decision }[];
  /** For a bucket in no range. */
  readonly outside: Decision;
  /** For a request without the key. */
  readonly noKey: Decision;
}

/** Compiles the section `rules`. Rules with mistakes are reported and left out. */
export function readRules(
  section: Value | undefined,
  lanes: ReadonlySet<string>,
  scope: ConditionScope,
): CompiledRule[] {
  const names = new Set<string>();
  const rules = section?.list()?.map((value): CompiledRule | undefined => {
    const fields = value.fields(['name', 'description', 'when', 'lane', 'split']);
    if (!fields) return undefined;
    const name = value.at('name').text({ max: 100 });
    if (name !== undefined && names.has(name))
      value.at('name').fail(`another rule is called "${name}": names are unique`);
    if (name !== undefined) names.add(name);
    fields.description?.text();
    const when = fields.when ? compileCondition(fields.when, scope) : undefined;
    if (fields.lane && fields.split) value.fail('has both lane and split: a rule has one of them');
    if (!fields.lane && !fields.split) value.fail('must have a lane or a split');
    const outcome = fields.split
      ? readSplit(fields.split, name ?? '', lanes, scope)
      : laneOutcome(fields.lane, name ?? '', lanes);
    if (name === undefined || !outcome || (fields.when && !when)) return undefined;
    return { name, when, outcome };
  });
  return rules?.filter((rule) => rule !== undefined) ?? [];
}

function laneOutcome(value: Value | undefined, rule: string, lanes: ReadonlySet<string>): CompiledOutcome | undefined {
  const lane = value && laneReference(value, lanes);
  return lane && { kind: 'lane', lane, decision: { by: 'rule', lane, rule } };
}

function readSplit(
  value: Value,
  rule: string,
  lanes: ReadonlySet<string>,
  scope: ConditionScope,
): CompiledOutcome | undefined {
  const fields = value.fields(['by', 'salt', 'lanes']);
  if (!fields) return undefined;
  const key = scope.facts.reader(value.at('by'));
  const salt = toBytes(fields.salt?.text({ max: 100 }) ?? rule);
  const ranges = readRanges(value.at('lanes'), rule, lanes);
  if (!key) return undefined;
  return {
    kind: 'split',
    by: value.at('by').raw as string,
    key,
    salt,
    bucket: createBucketer(salt),
    ranges,
    outside: { by: 'split', lane: STABLE, rule },
    noKey: { by: 'no-key', lane: STABLE, rule },
  };
}

function readRanges(value: Value, rule: string, lanes: ReadonlySet<string>): CompiledSplit['ranges'] {
  let below = 0;
  const entries = value.entries() ?? [];
  const ranges = entries.map(([name, share]) => {
    // JavaScript and JSON tools put keys that look like numbers first, so their place in the text would be lost.
    if (entries.length > 1 && /^\d+$/.test(name))
      share.fail('needs a lane whose name is not only digits: its place counts');
    const lane = laneReference(new Value(name, share.path, (_, message) => share.fail(message)), lanes) ?? STABLE;
    const percent = share.number({ min: 0, max: 100 }) ?? 0;
    const buckets = Math.round(percent * (BUCKETS / 100));
    if (Math.abs(buckets / (BUCKETS / 100) - percent) > 1e-9) share.fail('must be in steps of 0.001 per cent');
    below += buckets;
    return { lane, below, decision: { by: 'split', lane, rule } as const };
  });
  if (below > BUCKETS) value.fail(`add up to ${below / (BUCKETS / 100)} per cent: at most 100`);
  return ranges;
}
