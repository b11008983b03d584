import { type Condition, type Policy, type RequestFacts, type SegmentFiles, type Split, toBytes } from '@graylane/core';
import { naiveFact } from './naive-facts.ts';
import { naiveTest } from './naive-operators.ts';

/** The part of a decision that every implementation must agree on. */
export interface NaiveDecision {
  readonly by: 'rule' | 'split' | 'no-key' | 'default';
  readonly lane: string;
  readonly rule?: string;
}

/**
 * Decides a lane straight from a policy's text: every rule in its order, every condition from its outside in, nothing
 * compiled, indexed or kept. Written from `spec/decide.md` alone, to be what faster engines are held against. Expressions
 * of `matches` are run by ECMAScript, so use only what means the same in RE2.
 *
 * @param policy one that `parsePolicy` has accepted
 * @param files what the policy's segment files hold, by their names
 */
export function naiveDecide(policy: Policy, request: RequestFacts, files: SegmentFiles = new Map()): NaiveDecision {
  for (const rule of policy.rules) {
    if (rule.when && !naiveHolds(rule.when, policy, request, files)) continue;
    if ('lane' in rule) return { by: 'rule', lane: rule.lane, rule: rule.name };
    const key = naiveFact(rule.split.by, policy, request);
    if (key === undefined || key.length === 0) return { by: 'no-key', lane: 'stable', rule: rule.name };
    const bucket = naiveBucket(Buffer.from(rule.split.salt ?? rule.name, 'utf8'), key);
    return { by: 'split', lane: laneOfBucket(rule.split, bucket), rule: rule.name };
  }
  return { by: 'default', lane: 'stable' };
}

function naiveHolds(condition: Condition, policy: Policy, request: RequestFacts, files: SegmentFiles): boolean {
  const holds = (inner: Condition): boolean => naiveHolds(inner, policy, request, files);
  if ('all' in condition) return condition.all.every(holds);
  if ('any' in condition) return condition.any.some(holds);
  if ('not' in condition) return !holds(condition.not);
  if ('segment' in condition) return inSegment(condition.segment, policy, request, files);
  const { fact, ignoreCase = false, ...test } = condition;
  const [operator, operand] = Object.entries(test)[0] as [string, unknown];
  const value = naiveFact(fact, policy, request);
  if (operator === 'exists') return (value !== undefined) === operand;
  return value !== undefined && naiveTest(operator, operand, ignoreCase, value);
}

function inSegment(name: string, policy: Policy, request: RequestFacts, files: SegmentFiles): boolean {
  const segment = policy.segments[name];
  if (!segment) throw new Error(`no segment is called "${name}"`);
  if ('when' in segment) return naiveHolds(segment.when, policy, request, files);
  const members = 'in' in segment ? segment.in : (files.get(segment.file) ?? []);
  const value = naiveFact(segment.fact, policy, request)?.toString('latin1');
  return members.some((text) => toBytes(text) === value);
}

function laneOfBucket({ lanes }: Split, bucket: number): string {
  let from = 0;
  for (const [lane, perCent] of Object.entries(lanes)) {
    const to = from + Math.round(perCent * 1000);
    if (from <= bucket && bucket < to) return lane;
    from = to;
  }
  return 'stable';
}

/** `floor(murmur3_x86_32(salt ":" key, seed 0) × 100000 / 2^32)`, in whole numbers without bounds. */
function naiveBucket(salt: Buffer, key: Buffer): number {
  return Number((naiveMurmur3(Buffer.concat([salt, Buffer.from(':'), key])) * 100_000n) >> 32n);
}

const word = (number: bigint): bigint => number & 0xffff_ffffn;
const turned = (number: bigint, by: bigint): bigint => word((number << by) | (number >> (32n - by)));
const scrambled = (block: bigint): bigint => word(turned(word(block * 0xcc9e2d51n), 15n) * 0x1b873593n);

/** MurmurHash3_x86_32 with seed 0 (Austin Appleby). */
function naiveMurmur3(bytes: Buffer): bigint {
  let hash = 0n;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = word(turned(hash ^ scrambled(BigInt(bytes.readUInt32LE(at))), 13n) * 5n + 0xe6546b64n);
  if (at < bytes.length) hash ^= scrambled(BigInt(bytes.readUIntLE(at, bytes.length - at)));
  hash ^= BigInt(bytes.length);
  hash = word((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = word((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return hash ^ (hash >> 16n);
}
