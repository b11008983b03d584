import type { Goal } from '../report.ts';
import { spread } from '../statistics.ts';
import { type Costs, keyOf, mostBytesOfOurs, ratiosOf } from './costs.ts';

// The goals that the project set itself from measured peers; a ratio counts round by round.

const TEN = 'decide, last of 10 equality rules';
const SHARE = 'decide, 5 % of users by hashed id';
const SEGMENT = 'decide, user in a segment of 10,000';
const P2C = 'graylane, p2c';

/** The goals of deciding. */
export function decideGoals(costs: Costs): Goal[] {
  const peer = (name: string, question: string, peer: string, must: number): Goal =>
    against(costs, name, keyOf(question, 'graylane'), keyOf(question, peer), { must });
  return [
    ...['', ', user handed over'].flatMap((way) => [
      peer(`10 rules${way} / compiled JsonLogic`, `${TEN}${way}`, 'json-logic-engine, compiled', 1),
      peer(`10 rules${way} / flagd-core`, `${TEN}${way}`, 'flagd-core', 0.3),
    ]),
    against(
      costs,
      '10,000 rules / 10 rules',
      keyOf('decide, last of 10,000 equality rules', 'graylane'),
      keyOf(TEN, 'graylane'),
      { must: 2 },
    ),
    ...['flagd-core', 'unleash-client', 'launchdarkly'].map((name) => peer(`percentage / ${name}`, SHARE, name, 0.6)),
    peer('segment of 10,000, user handed over / launchdarkly', `${SEGMENT}, user handed over`, 'launchdarkly', 0.05),
    noBytes(costs, 'decide'),
  ];
}

/** The goals of picking. */
export function pickGoals(costs: Costs): Goal[] {
  const of = (size: string, contender: string): string => keyOf(`pick, ${size} instances`, contender);
  const growth = [
    ['100', '3'],
    ['10,000', '3'],
    ['10,000', '100'],
  ] as const;
  return [
    ...['3', '100', '10,000'].map((size) =>
      against(costs, `pick of ${size} / nacos`, of(size, P2C), of(size, 'nacos'), { must: 0.1 }),
    ),
    ...growth.map(([size, smaller]) =>
      against(costs, `pick of ${size} / pick of ${smaller}`, of(size, P2C), of(smaller, P2C), { must: 1.5 }),
    ),
    noBytes(costs, 'pick'),
  ];
}

/** The goals of reading and writing the lane. */
export function carrierGoals(costs: Costs): Goal[] {
  const ours = (name: string, question: string, other: string, limits: Pick<Goal, 'must' | 'goal'>): Goal =>
    against(costs, `${question} / ${name}`, keyOf(question, 'graylane'), keyOf(question, other), limits);
  return [
    ...['1 member', '5 members', '60 members'].flatMap((size) => [
      ours('OpenTelemetry', `read the lane from ${size}`, 'W3CBaggagePropagator.extract', { must: 0.15 }),
      ours('the limit', `read the lane from ${size}`, 'limit: find and cut out', { goal: 2 }),
      ...['unchanged', 'added'].map((change) =>
        ours('OpenTelemetry', `write ${size}, lane ${change}`, 'W3CBaggagePropagator.inject', { must: 0.2 }),
      ),
    ]),
    noBytes(costs, 'read the lane'),
  ];
}

function against(costs: Costs, name: string, of: string, to: string, limits: Pick<Goal, 'must' | 'goal'>): Goal {
  return { name, reached: spread(ratiosOf(costs, of, to))?.median, ...limits };
}

function noBytes(costs: Costs, question: string): Goal {
  return { name: `${question}: B/op, the most of ours`, reached: mostBytesOfOurs(costs, question), must: 0 };
}
