import { init, type LDContext } from '@launchdarkly/node-server-sdk';
import { TestData } from '@launchdarkly/node-server-sdk/integrations';
import type { DecisionEngine } from './decision-engine.ts';
import { times } from './probe.ts';
import type { RuleSet } from './rule-set.ts';

/** Where the variations stand in the flag. */
const STABLE = 0;
const GRAY = 1;

/** One flag, fed by its own source for tests in the shape that a server sends: nothing is sent or asked for. */
export async function launchDarkly(rules: RuleSet): Promise<DecisionEngine<LDContext, string>> {
  const source = new TestData();
  if (rules.kind === 'segment') {
    const included = times(rules.size, (at) => `user-${at}`);
    await source.usePreconfiguredSegment({
      key: 'testers',
      version: 1,
      included,
      excluded: [],
      rules: [],
      salt: 'bench',
    });
  }
  await source.usePreconfiguredFlag({
    key: 'lane',
    version: 1,
    on: true,
    variations: ['stable', 'gray'],
    offVariation: STABLE,
    salt: 'bench',
    ...targetingOf(rules),
  });
  const client = init('bench', {
    updateProcessor: source.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: { error: console.error, warn: console.error, info: () => {}, debug: () => {} },
  });
  await client.waitForInitialization({ timeout: 10 });
  return {
    kind: 'awaited',
    contextOf: (key) => ({ kind: 'user', key }),
    ask: (context) => client.variation('lane', context, 'none'),
    laneOf: (lane) => lane,
  };
}

function targetingOf(rules: RuleSet): object {
  switch (rules.kind) {
    case 'equality':
      return {
        rules: times(rules.count, (at) => ruleFor('in', 'key', `user-${at}`)),
        fallthrough: { variation: STABLE },
      };
    case 'segment':
      return { rules: [ruleFor('segmentMatch', '', 'testers')], fallthrough: { variation: STABLE } };
    case 'percentage': {
      const gray = rules.percentage * 1_000; // of 100,000
      const variations = [
        { variation: GRAY, weight: gray },
        { variation: STABLE, weight: 100_000 - gray },
      ];
      return { rules: [], fallthrough: { rollout: { contextKind: 'user', variations } } };
    }
  }
}

function ruleFor(op: string, attribute: string, value: string): object {
  return {
    id: value,
    variation: GRAY,
    clauses: [{ contextKind: 'user', attribute, op, values: [value], negate: false }],
  };
}
