import { headerValue, type RequestFacts } from '@graylane/core';
import { awaitedProbe, fresh, type Probe, probe, times } from './probe.ts';
import { factsOf } from './requests.ts';
import { isRightLane, type RuleSet, userOf } from './rule-set.ts';

/** A peer's engine, loaded with rules. */
export interface DecisionEngine<Context, Answer> {
  /** `awaited`: it answers with a promise. */
  readonly kind: Probe['kind'];
  /** A user in the shape that the engine asks for. */
  readonly contextOf: (user: string) => Context;
  readonly ask: (context: Context) => Answer | Promise<Answer>;
  readonly laneOf: (answer: Answer) => string;
}

/** An engine whose user must be read out of the request first, as every service that uses it does. */
export function readingUser<Context, Answer>(rules: RuleSet, engine: DecisionEngine<Context, Answer>): Probe {
  const { contextOf, ask } = engine;
  return asking<RequestFacts, Answer>(rules, engine, {
    inputs: (count) => times(count, (at) => factsOf(userOf(rules, at))),
    run: (facts) => ask(contextOf(headerValue(facts.headers, 'x-user') ?? '')),
  });
}

/** An engine that is handed the user in the shape that it asks for. */
export function handedUser<Context, Answer>(rules: RuleSet, engine: DecisionEngine<Context, Answer>): Probe {
  return asking<Context, Answer>(rules, engine, {
    inputs: (count) => times(count, (at) => engine.contextOf(fresh(userOf(rules, at)))),
    run: engine.ask,
  });
}

function asking<Input, Answer>(
  rules: RuleSet,
  { kind, laneOf }: Pick<DecisionEngine<unknown, Answer>, 'kind' | 'laneOf'>,
  made: Pick<Probe<Input>, 'inputs' | 'run'>,
): Probe {
  const make = kind === 'awaited' ? awaitedProbe<Input> : probe<Input>;
  return make({ ...made, isRight: (answer) => isRightLane(rules, laneOf(answer as Answer)) });
}
