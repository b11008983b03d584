import { openDocument } from './document.ts';
import { GraylaneError } from './errors.ts';
import { FactTable } from './fact-table.ts';
import { readLanes, readServices } from './parse-lanes.ts';
import { type CompiledRule, readRules } from './parse-rules.ts';
import { readAttributes, readSegments, type SegmentFiles } from './parse-segments.ts';
import type { Policy } from './policy.ts';
import type { Value } from './shape.ts';

/** A checked policy with its rules compiled. */
export interface CheckedPolicy {
  readonly policy: Policy;
  readonly facts: FactTable;
  readonly rules: readonly CompiledRule[];
}

/**
 * Reads a policy from YAML 1.2 or JSON text, or from the value that such a text stands for, and checks all of it.
 *
 * @throws GraylaneError `GL_POLICY_INVALID` with every mistake, each with its path and what to do
 */
export function parsePolicy(input: unknown): Policy {
  return checkPolicy(input).policy;
}

/** As {@link parsePolicy}, with the rules compiled. `files` holds what segment files hold; without it none is read. */
export function checkPolicy(input: unknown, files: SegmentFiles = new Map()): CheckedPolicy {
  const { root, issues } = openDocument(input);
  const compiled = root && readPolicy(root, files);
  if (compiled && issues.length === 0) return { policy: policyOf(root.raw as Partial<Policy>), ...compiled };
  const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
  throw new GraylaneError('GL_POLICY_INVALID', `The policy has ${count}:`, { issues });
}

function readPolicy(root: Value, files: SegmentFiles): Omit<CheckedPolicy, 'policy'> | undefined {
  const fields = root.fields(['version', 'lanes', 'attributes', 'segments', 'rules', 'services']);
  if (!fields) return undefined;
  if (root.at('version').raw !== 1) root.at('version').fail('must be 1, the version of this format');
  const lanes = readLanes(optional(root.at('lanes')));
  const facts = new FactTable(readAttributes(optional(root.at('attributes'))));
  const segments = readSegments(optional(root.at('segments')), facts, files);
  const rules = readRules(optional(root.at('rules')), lanes, { facts, segments });
  readServices(optional(root.at('services')), lanes);
  return { facts, rules };
}

/** A section that may be left out, or be left empty as in `lanes:`. */
function optional(section: Value): Value | undefined {
  return section.raw === undefined || section.raw === null ? undefined : section;
}

/** What was written, with every section there, independent of the input and frozen. */
function policyOf({ lanes, attributes, segments, rules, services }: Partial<Policy>): Policy {
  const policy: Policy = {
    version: 1,
    lanes: Object.fromEntries(Object.entries(lanes ?? {}).map(([name, lane]) => [name, lane ?? {}])),
    attributes: attributes ?? {},
    segments: segments ?? {},
    rules: rules ?? [],
    services: services ?? {},
  };
  return deepFreeze(structuredClone(policy));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
