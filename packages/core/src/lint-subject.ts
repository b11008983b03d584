import type { ConditionNode } from './condition.ts';
import { type CompiledPolicy, compilePolicy } from './decide.ts';
import { readSegments, type SegmentFiles } from './parse-segments.ts';
import type { Policy } from './policy.ts';
import { Value } from './shape.ts';
import { Solver } from './witness.ts';

/** What a policy is looked at with. */
export interface LintOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /**
   * What segment files hold. Files that are missing here are unknown, and nothing is said that depends on them. Default:
   * what a compiled policy was compiled with; none for another.
   */
  readonly files?: SegmentFiles;
  /** The policy that this one is to replace: changes are looked at too. */
  readonly before?: CompiledPolicy | Policy;
  /** How many steps may be made to find requests, some million a second. Default 2,000,000. */
  readonly effort?: number;
}

/** A policy to be looked at, with what is needed for it. */
export interface LintSubject {
  readonly compiled: CompiledPolicy;
  readonly policy: Policy;
  readonly solver: Solver;
  readonly now: number;
  /** Conditions of segments whose members are known. */
  readonly segments: ReadonlyMap<string, ConditionNode>;
}

/** Makes a policy ready to be looked at. */
export function subjectOf(input: CompiledPolicy | Policy, { now, files, effort }: LintOptions): LintSubject {
  const isCompiled = 'index' in input;
  const compiled = isCompiled ? input : compilePolicy(input, files);
  const { policy } = compiled;
  const unknown = Object.entries(policy.segments)
    .filter(([, segment]) => 'file' in segment && (files ? !files.has(segment.file) : !isCompiled))
    .map(([name]) => name);
  const unknownSegments = new Set(unknown);
  const solver = new Solver(compiled, { now, unknownSegments, ...(effort !== undefined && { effort }) });
  return { compiled, policy, solver, now, segments: segmentsOf(compiled, unknownSegments, files) };
}

/** The segments that can be looked at: as rules were compiled with them, or else as they are written. */
function segmentsOf(
  { policy, facts, rules }: CompiledPolicy,
  unknown: ReadonlySet<string>,
  files: SegmentFiles | undefined,
): ReadonlyMap<string, ConditionNode> {
  const found = new Map<string, ConditionNode>();
  const written = readSegments(new Value(policy.segments, ['segments'], () => {}), facts, files ?? new Map());
  for (const [name, node] of written) {
    const segment = policy.segments[name];
    const isKnown = segment && (!('file' in segment) || files?.has(segment.file));
    if (node && isKnown) found.set(name, node);
  }
  for (const { when } of rules) if (when) collectSegments(when, found);
  for (const name of unknown) found.delete(name);
  return found;
}

function collectSegments(node: ConditionNode, found: Map<string, ConditionNode>): void {
  if (node.kind === 'segment') found.set(node.name, node.part);
  else if (node.kind === 'not') collectSegments(node.part, found);
  else if (node.kind !== 'test') for (const part of node.parts) collectSegments(part, found);
}
