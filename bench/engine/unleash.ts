import { InMemStorageProvider, Unleash } from 'unleash-client';
import type { DecisionEngine } from './decision-engine.ts';
import { times } from './probe.ts';
import type { RuleSet } from './rule-set.ts';

/** One flag with a strategy for each rule. Boots from its own bootstrap option; it also asks a server, in vain. */
export async function unleash(rules: RuleSet): Promise<DecisionEngine<{ userId: string }, boolean>> {
  const client = new Unleash({
    appName: 'bench',
    url: 'http://127.0.0.1:9/',
    disableMetrics: true,
    refreshInterval: 0,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: [{ name: 'lane', enabled: true, strategies: strategiesOf(rules) as never[] }] },
  });
  client.on('error', () => {});
  await new Promise((resolve) => client.once('ready', resolve));
  return {
    kind: 'called',
    contextOf: (userId) => ({ userId }),
    ask: (context) => client.isEnabled('lane', context),
    laneOf: (isGray) => (isGray ? 'gray' : 'stable'),
  };
}

function strategiesOf(rules: RuleSet): readonly object[] {
  switch (rules.kind) {
    case 'equality':
      return times(rules.count, (at) => strategyFor([`user-${at}`]));
    case 'percentage': {
      const parameters = { rollout: String(rules.percentage), stickiness: 'userId', groupId: 'bench' };
      return [{ name: 'flexibleRollout', parameters, constraints: [] }];
    }
    case 'segment':
      return [strategyFor(times(rules.size, (at) => `user-${at}`))];
  }
}

function strategyFor(values: readonly string[]): object {
  const userIn = { contextName: 'userId', operator: 'IN', inverted: false, values };
  return { name: 'default', parameters: {}, constraints: [userIn] };
}
