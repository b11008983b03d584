import assert from 'node:assert/strict';
import {
  type CompiledPolicy,
  compilePolicy,
  type Decision,
  decide,
  explain,
  isGraylaneError,
  parsePolicy,
  type RequestFacts,
  requestFacts,
} from '@graylane/core';
import { type NaiveDecision, naiveDecide } from '@graylane/testkit';
import { headersOf, type Vector } from './seeds.ts';

/** What a client sends, a line each, in this order. A line that is not there is not sent. */
const FIELDS = [
  'path',
  'query',
  'host',
  'ip',
  'header',
  'header again',
  'cookie',
  'cookie again',
  'agent',
  'claims',
] as const;

/** The request that lines of text describe, {@link FIELDS} one by one. */
export function requestOf(lines: readonly string[]): RequestFacts {
  const [path = '/', query = '', host = '', ip = '', ...more] = lines.map(inBytes);
  const names = ['x', 'X', 'cookie', 'Cookie', 'User-Agent'];
  const headers = names.flatMap((name, index) => (more[index] ? [name, more[index]] : []));
  return requestFacts({ path, query, host, ip, headers, token: claimsOf(lines[FIELDS.indexOf('claims')] ?? '') });
}

/** The lines for a vector's request. */
export function linesOf(request: Vector): string[] {
  const headers = headersOf(request);
  const headerOf = (name: string): string => headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? '';
  const other = headers.find(([name]) => !['cookie', 'user-agent'].includes(name.toLowerCase()))?.[1] ?? '';
  const { path = '/', query = '', host = '', ip = '', token = {} } = request;
  const lines = [
    path,
    query,
    host,
    ip,
    other,
    '',
    headerOf('cookie'),
    '',
    headerOf('user-agent'),
    JSON.stringify(token),
  ];
  return lines.map((line) => line.replaceAll('\n', ' '));
}

/** A policy that is accepted, or undefined: what is refused is no mistake. */
export function accepted(value: unknown): CompiledPolicy | undefined {
  try {
    return compilePolicy(parsePolicy(value));
  } catch (error) {
    if (isGraylaneError(error)) return undefined;
    throw error;
  }
}

/** A host and a port: entries refuse requests with anything else. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|[^\s:@/?#[\]\\]*)(?::\d*)?$/i;

/** Holds the engine, and what it says of itself, to what the naive one decides. */
export function compareWithNaive(compiled: CompiledPolicy, given: RequestFacts): void {
  const { policy } = compiled;
  const request = AUTHORITY.test(given.host) ? given : { ...given, host: '' };
  const decision = decide(compiled, request);
  const naive = naiveDecide(policy, request);
  if (inWords(decision) !== inWords(naive))
    assert.equal(inWords(decision), inWords(naive), JSON.stringify({ rules: policy.rules, request }));
  assert.deepEqual(decide(compiled, request), decision, 'the decision, asked again');
  verifyExplanation(compiled, request, decision);
}

function verifyExplanation(compiled: CompiledPolicy, request: RequestFacts, decision: Decision): void {
  const explained = explain(compiled, request);
  const deciding = explained.rules.filter(({ result }) => result === 'decides').map(({ name }) => name);
  assert.deepEqual(explained.decision, decision, 'the decision that is explained');
  assert.deepEqual(deciding, 'rule' in decision ? [decision.rule] : [], 'the rule that decides');
  JSON.stringify(explained);
}

function inWords(decision: Decision | NaiveDecision): string {
  return `${decision.lane} by ${decision.by}${'rule' in decision ? ` ${decision.rule}` : ''}`;
}

/** What comes over the wire has bytes alone. */
function inBytes(text: string): string {
  return text.replace(/[^\0-\xff]/g, (character) => String.fromCharCode(character.charCodeAt(0) & 0xff));
}

function claimsOf(text: string): Record<string, unknown> {
  try {
    const claims = JSON.parse(text) as unknown;
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? { ...claims } : { sub: claims };
  } catch {
    return text === '' ? {} : { sub: text };
  }
}
