import type { Goal } from '../report.ts';
import { spread } from '../statistics.ts';
import { type Costs, ratiosOf } from './costs.ts';

/** The goals that the project set itself from measured peers; a ratio counts round by round. */
export function engineGoals(costs: Costs): Goal[] {
  const against = (name: string, of: string, to: string, limits: Pick<Goal, 'must' | 'goal'>): Goal => ({
    name,
    reached: spread(ratiosOf(costs, of, to))?.median,
    ...limits,
  });
  const decide = (rules: string, who: string): string => `decide, last of ${rules} equality rules: ${who}`;
  const share = (who: string): string => `decide, 5 % of users by hashed id: ${who}`;
  const pick = (size: string, who: string): string => `pick, ${size} instances: ${who}`;
  const read = (size: string, who: string): string => `read the lane from ${size}: ${who}`;
  const ours = decide('10', 'graylane');
  const filter = 'filter and weighted draw per call';
  return [
    against('decide, 10 rules / flagd-core', ours, decide('10', 'flagd-core'), { must: 0.5 }),
    against('decide, 10 rules / compiled JsonLogic', ours, decide('10', 'json-logic-engine, compiled'), { goal: 1 }),
    against('decide, 10,000 rules / 10 rules', decide('10,000', 'graylane'), ours, { must: 10, goal: 2 }),
    against('percentage / unleash-client', share('graylane'), share('unleash-client'), { must: 0.5 }),
    against('pick of 10,000 / pick of 100', pick('10,000', 'graylane, p2c'), pick('100', 'graylane, p2c'), {
      goal: 1.5,
    }),
    ...['100', '10,000'].map((size) =>
      against(`pick of ${size} / ${filter}`, pick(size, 'graylane, p2c'), pick(size, filter), { must: 0.1 }),
    ),
    ...['1 member', '5 members', '60 members'].flatMap((size) => [
      against(
        `read the lane from ${size} / OpenTelemetry`,
        read(size, 'graylane'),
        read(size, 'W3CBaggagePropagator.extract'),
        {
          must: 0.15,
        },
      ),
      against(`read the lane from ${size} / the limit`, read(size, 'graylane'), read(size, 'limit: find and cut out'), {
        goal: 2,
      }),
      ...['unchanged', 'added'].map((change) => {
        const write = `write ${size}, lane ${change}`;
        return against(`${write} / OpenTelemetry`, `${write}: graylane`, `${write}: W3CBaggagePropagator.inject`, {
          must: 0.2,
        });
      }),
    ]),
  ];
}
