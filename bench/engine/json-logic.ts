import { LogicEngine } from 'json-logic-engine';
import type { DecisionEngine } from './decision-engine.ts';
import { times } from './probe.ts';
import type { RuleSet } from './rule-set.ts';

/** One compiled chain of comparisons, or one compiled list. */
export function jsonLogic(rules: RuleSet): DecisionEngine<{ user: string }, string> {
  return {
    kind: 'called',
    contextOf: (user) => ({ user }),
    ask: new LogicEngine().build(logicOf(rules)) as (context: { user: string }) => string,
    laneOf: (lane) => lane,
  };
}

function logicOf(rules: RuleSet): object {
  switch (rules.kind) {
    case 'equality':
      return {
        if: [...times(rules.count, (at) => [{ '==': [{ var: 'user' }, `user-${at}`] }, 'gray']).flat(), 'stable'],
      };
    case 'segment':
      return { if: [{ in: [{ var: 'user' }, times(rules.size, (at) => `user-${at}`)] }, 'gray', 'stable'] };
    case 'percentage':
      throw new Error('JsonLogic does not hash');
  }
}
