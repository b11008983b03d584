import { FlagdCore } from '@openfeature/flagd-core';
import { fresh, type Probe, probe, times } from './probe.ts';

/** One flag whose targeting compares the user with one name after the other. */
export function flagdEquality(count: number): Probe {
  const branches = times(count, (at) => [{ '==': [{ var: 'user' }, `user-${at}`] }, 'gray']).flat();
  return evaluating(
    { if: [...branches, 'stable'] },
    () => `user-${count - 1}`,
    (answer) => answer === 'gray',
  );
}

export function flagdPercentage(percentage: number): Probe {
  const targeting = { fractional: [{ var: 'user' }, ['gray', percentage], ['stable', 100 - percentage]] };
  return evaluating(
    targeting,
    (at) => `user-${at}`,
    (answer) => answer === 'gray' || answer === 'stable',
  );
}

export function flagdSegment(size: number): Probe {
  const targeting = { if: [{ in: [{ var: 'user' }, times(size, (at) => `user-${at}`)] }, 'gray', 'stable'] };
  return evaluating(
    targeting,
    (at) => `user-${size - 1 - (at % 100)}`,
    (answer) => answer === 'gray',
  );
}

function evaluating(targeting: object, userAt: (at: number) => string, isRight: (answer: string) => boolean): Probe {
  const core = new FlagdCore();
  const variants = { gray: 'gray', stable: 'stable' };
  core.setConfigurations(
    JSON.stringify({ flags: { lane: { state: 'ENABLED', variants, defaultVariant: 'stable', targeting } } }),
  );
  return probe<{ user: string }>({
    inputs: (count) => times(count, (at) => ({ user: fresh(userAt(at)) })),
    run: (context) => core.resolveStringEvaluation('lane', 'none', context),
    isRight: (answer) => isRight((answer as { value: string }).value),
  });
}
