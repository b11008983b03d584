import { FlagdCore } from '@openfeature/flagd-core';
import type { DecisionEngine } from './decision-engine.ts';
import { times } from './probe.ts';
import type { RuleSet } from './rule-set.ts';

/** One flag with targeting. */
export function flagd(rules: RuleSet): DecisionEngine<{ user: string }, { value: string }> {
  const core = new FlagdCore();
  const variants = { gray: 'gray', stable: 'stable' };
  const flag = { state: 'ENABLED', variants, defaultVariant: 'stable', targeting: targetingOf(rules) };
  core.setConfigurations(JSON.stringify({ flags: { lane: flag } }));
  return {
    kind: 'called',
    contextOf: (user) => ({ user }),
    ask: (context) => core.resolveStringEvaluation('lane', 'none', context),
    laneOf: ({ value }) => value,
  };
}

function targetingOf(rules: RuleSet): object {
  switch (rules.kind) {
    case 'equality':
      return {
        if: [...times(rules.count, (at) => [{ '==': [{ var: 'user' }, `user-${at}`] }, 'gray']).flat(), 'stable'],
      };
    case 'percentage':
      return { fractional: [{ var: 'user' }, ['gray', rules.percentage], ['stable', 100 - rules.percentage]] };
    case 'segment':
      return { if: [{ in: [{ var: 'user' }, times(rules.size, (at) => `user-${at}`)] }, 'gray', 'stable'] };
  }
}
