export { type AgentParts, readAgent } from './agent.ts';
export type { Balance, Load, Random } from './balance.ts';
export { BUCKETS, bucketOf, murmur3 } from './bucket.ts';
export { type ByteText, fromBytes, toBytes } from './bytes.ts';
export { BAGGAGE_KEY, hasLaneMember, LANE_HEADER, readLane, writeLane } from './carrier.ts';
export type { Condition, FactCondition } from './condition.ts';
export { type CompiledPolicy, compilePolicy, decide } from './decide.ts';
export type { Decision } from './decision.ts';
export {
  diffPolicies,
  type NamesDiff,
  type PolicyDiff,
  type RuleChange,
  type SplitChange,
} from './diff-policies.ts';
export type { SampleDiff } from './diff-sample.ts';
export { type OpenDocument, openDocument } from './document.ts';
export {
  EJECTION_DEFAULTS,
  type Ejection,
  type EjectionOptions,
  NOT_EJECTED,
  type Outcome,
  observe,
  takeOver,
} from './ejection.ts';
export {
  ERRORS,
  type ErrorCode,
  type ErrorRow,
  formatIssue,
  GraylaneError,
  type Issue,
  isGraylaneError,
} from './errors.ts';
export {
  type ConditionExplanation,
  type Explanation,
  explain,
  type RuleExplanation,
  type SplitExplanation,
} from './explain.ts';
export { explainPicks, type HopExplanation } from './explain-picks.ts';
export { type Fact, parseFact } from './fact-name.ts';
export { headerValue, hostName, type RequestFacts, readFact, requestFacts } from './facts.ts';
export { factsRead } from './facts-read.ts';
export { FINDINGS, type Finding, type FindingCode, type Severity } from './finding.ts';
export {
  authorityOf,
  type Instance,
  type InstanceState,
  LANE_KEYS,
  laneLabel,
  parseInstances,
  readInstance,
} from './instance.ts';
export { type IPBytes, inNetwork, type Network, parseIP, parseNetwork } from './ip.ts';
export { type Lane, parseLane, STABLE } from './lane.ts';
export { lintPolicy } from './lint.ts';
export type { LintOptions } from './lint-subject.ts';
export { parsePolicy } from './parse-policy.ts';
export type { SegmentFiles } from './parse-segments.ts';
export {
  createPicker,
  type Empty,
  type FallbackReason,
  type Pick,
  type Picker,
  type PickerInput,
  type Served,
  type StableMode,
} from './picker.ts';
export type { LaneDeclaration, Policy, Rule, Segment, ServiceRouting, Split } from './policy.ts';
export {
  type CaseResult,
  type Expectations,
  type ExpectedCase,
  parseExpectations,
  runExpectations,
} from './policy-test.ts';
export { type Presence, updatePresence } from './presence.ts';
export { createRandom } from './random.ts';
export { requestForm } from './request-form.ts';
export { parseRequest, parseRequestLines, type RequestLine, readRequest } from './request-line.ts';
export { type Chain, createRouting, DEFAULT_ROUTING, type Routing, type StaleReason } from './routing.ts';
export { formatPath, issueCollector, type Path, type Report, Value } from './shape.ts';
export { formatShare } from './share.ts';
export type { Move } from './split-moves.ts';
