import { InMemStorageProvider, Unleash } from 'unleash-client';
import { fresh, type Probe, probe, times } from './probe.ts';

interface Constraint {
  readonly contextName: string;
  readonly operator: string;
  readonly inverted: boolean;
  readonly values: readonly string[];
}

/** One flag with a strategy for each user. */
export function unleashEquality(count: number): Promise<Probe> {
  const strategies = times(count, (at) => defaultStrategy([userIn([`user-${at}`])]));
  return evaluating(
    strategies,
    () => `user-${count - 1}`,
    (answer) => answer === true,
  );
}

export function unleashPercentage(percentage: number): Promise<Probe> {
  const parameters = { rollout: String(percentage), stickiness: 'userId', groupId: 'bench' };
  const strategy = { name: 'flexibleRollout', parameters, constraints: [] };
  return evaluating(
    [strategy],
    (at) => `user-${at}`,
    (answer) => typeof answer === 'boolean',
  );
}

export function unleashSegment(size: number): Promise<Probe> {
  const strategy = defaultStrategy([userIn(times(size, (at) => `user-${at}`))]);
  return evaluating(
    [strategy],
    (at) => `user-${size - 1 - (at % 100)}`,
    (answer) => answer === true,
  );
}

function defaultStrategy(constraints: readonly Constraint[]): object {
  return { name: 'default', parameters: {}, constraints };
}

function userIn(values: readonly string[]): Constraint {
  return { contextName: 'userId', operator: 'IN', inverted: false, values };
}

/** Boots from its own bootstrap option; it also asks a server, in vain. */
async function evaluating(
  strategies: readonly object[],
  userAt: (at: number) => string,
  isRight: (answer: unknown) => boolean,
): Promise<Probe> {
  const unleash = new Unleash({
    appName: 'bench',
    url: 'http://127.0.0.1:9/',
    disableMetrics: true,
    refreshInterval: 0,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: [{ name: 'lane', enabled: true, strategies: strategies as never[] }] },
  });
  unleash.on('error', () => {});
  await new Promise((resolve) => unleash.once('ready', resolve));
  return probe<{ userId: string }>({
    inputs: (count) => times(count, (at) => ({ userId: fresh(userAt(at)) })),
    run: (context) => unleash.isEnabled('lane', context),
    isRight,
  });
}
