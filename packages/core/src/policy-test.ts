import { type CompiledPolicy, decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { decisionText } from './decision-text.ts';
import { openDocument } from './document.ts';
import { GraylaneError } from './errors.ts';
import type { RequestFacts } from './facts.ts';
import { type Lane, parseLane, STABLE } from './lane.ts';
import { readRequest } from './request-line.ts';
import { suggest, type Value } from './shape.ts';

/** What a policy is expected to decide. */
export interface Expectations {
  /** The policy's file, as it is written: relative to the file with the expectations. */
  readonly policy: string | undefined;
  readonly cases: readonly ExpectedCase[];
}

/** One request and what becomes of it. */
export interface ExpectedCase {
  readonly name: string;
  readonly request: RequestFacts;
  readonly lane: Lane;
  /** The rule that decides; undefined when any may. */
  readonly rule: string | undefined;
}

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: { readonly lane: Lane; readonly rule?: string };
  readonly decision: Decision;
  /** For a case that failed: what was expected and what happened, in a sentence. */
  readonly message?: string;
}

/**
 * Reads expectations from YAML or JSON text, or from the value that such a text stands for:
 * `policy: policy.yaml` if wanted, and `cases`, a list of `{ name, request, lane, rule? }` with requests as
 * `spec/requests.md` writes them.
 *
 * @param now the time of requests that have none, in milliseconds since the epoch
 * @throws GraylaneError `GL_CONFIG_INVALID` with every mistake, each with its path and what to do
 */
export function parseExpectations(input: unknown, now: number): Expectations {
  const { root, issues } = openDocument(input);
  const expectations = root && readExpectations(root, now);
  if (expectations && issues.length === 0) return expectations;
  const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
  throw new GraylaneError('GL_CONFIG_INVALID', `The expectations have ${count}:`, { issues });
}

/** Decides each case's request and compares. */
export function runExpectations(compiled: CompiledPolicy, { cases }: Expectations): readonly CaseResult[] {
  return cases.map(({ name, request, lane, rule }): CaseResult => {
    const decision = decide(compiled, request);
    const decided = 'rule' in decision ? decision.rule : undefined;
    const passed = decision.lane === lane && (rule === undefined || rule === decided);
    const expected = { lane, ...(rule !== undefined && { rule }) };
    if (passed) return { name, passed, expected, decision };
    const by = rule === undefined ? '' : ` by ${JSON.stringify(rule)}`;
    const message = `expected ${lane}${by}, and it is ${decisionText(compiled, request)}${unknownName(compiled, lane, rule)}`;
    return { name, passed, expected, decision, message };
  });
}

function readExpectations(root: Value, now: number): Expectations | undefined {
  const fields = root.fields(['policy', 'cases']);
  if (!fields) return undefined;
  const policy = fields.policy?.text();
  const names = new Set<string>();
  const cases = root
    .at('cases')
    .list(1)
    ?.map((value) => readCase(value, names, now));
  return cases && { policy, cases: cases.filter((each) => each !== undefined) };
}

function readCase(value: Value, names: Set<string>, now: number): ExpectedCase | undefined {
  const fields = value.fields(['name', 'request', 'lane', 'rule']);
  if (!fields) return undefined;
  const name = value.at('name').text({ max: 200 });
  if (name !== undefined && names.has(name)) value.at('name').fail('another case has this name: names are unique');
  if (name !== undefined) names.add(name);
  const line = fields.request ? readRequest(fields.request, now) : value.at('request').fail('must be a request');
  const text = value.at('lane').text();
  const lane = text === undefined ? undefined : (parseLane(text) ?? value.at('lane').fail(`"${text}" is no lane name`));
  const rule = fields.rule?.text({ max: 100 });
  if (line?.lane !== undefined) value.at('request').at('lane').fail('belongs beside the request here, not into it');
  return name === undefined || !line || !lane ? undefined : { name, request: line.request, lane, rule };
}

/** What to say of an expectation that no request could fulfil. */
function unknownName({ policy }: CompiledPolicy, lane: Lane, rule: string | undefined): string {
  const rules = policy.rules.map(({ name }) => name);
  if (rule !== undefined && !rules.includes(rule)) return `; no rule is called "${rule}"${suggest(rule, rules)}`;
  const lanes = [STABLE as string, ...Object.keys(policy.lanes)];
  return lanes.includes(lane) ? '' : `; no lane is called "${lane}"${suggest(lane, lanes)}`;
}
