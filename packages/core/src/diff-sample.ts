import { type CompiledPolicy, decide } from './decide.ts';
import { decisionText } from './decision-text.ts';
import type { RequestFacts } from './facts.ts';
import type { Lane } from './lane.ts';

/** What a change of policy does to a sample of requests. */
export interface SampleDiff {
  /** How many requests were decided. */
  readonly requests: number;
  /** How many of them have another lane. */
  readonly changed: number;
  /** How many go from which lane to which, most first. */
  readonly moves: readonly LaneMove[];
  /** Some requests of each move. */
  readonly examples: readonly SampleChange[];
}

/** Requests that go from one lane to another. */
export interface LaneMove {
  readonly from: Lane;
  readonly to: Lane;
  readonly requests: number;
}

/** A request that changes lane, and why. */
export interface SampleChange {
  /** Its place in the sample, from 0. */
  readonly index: number;
  readonly request: RequestFacts;
  readonly from: Lane;
  readonly to: Lane;
  /** Both decisions in one line: `was stable, as no rule matches, is gray by "testers"`. */
  readonly why: string;
}

/** How many examples are given, and how many of one move. */
const EXAMPLES = 12;
const EXAMPLES_EACH = 3;

/** Decides each request by both policies. */
export function sampleDiff(
  before: CompiledPolicy,
  after: CompiledPolicy,
  requests: readonly RequestFacts[],
): SampleDiff {
  const changes = requests.flatMap((request, index) => changeOf(before, after, request, index) ?? []);
  const groups = [...Map.groupBy(changes, ({ from, to }) => `${from} ${to}`).values()].sort(
    (a, b) => b.length - a.length,
  );
  return {
    requests: requests.length,
    changed: changes.length,
    moves: groups.map((group) => ({ from: group[0]?.from as Lane, to: group[0]?.to as Lane, requests: group.length })),
    examples: examplesOf(groups).map((change) => ({ ...change, why: whyOf(before, after, change.request) })),
  };
}

function changeOf(
  before: CompiledPolicy,
  after: CompiledPolicy,
  request: RequestFacts,
  index: number,
): Omit<SampleChange, 'why'> | undefined {
  const [from, to] = [decide(before, request).lane, decide(after, request).lane];
  return from === to ? undefined : { index, request, from, to };
}

function examplesOf<Change>(groups: readonly (readonly Change[])[]): readonly Change[] {
  return groups.flatMap((group) => group.slice(0, EXAMPLES_EACH)).slice(0, EXAMPLES);
}

function whyOf(before: CompiledPolicy, after: CompiledPolicy, request: RequestFacts): string {
  return `was ${decisionText(before, request)}, is ${decisionText(after, request)}`;
}
