import { LogicEngine } from 'json-logic-engine';
import { fresh, type Probe, probe, times } from './probe.ts';

/** One compiled chain of comparisons. */
export function jsonLogicEquality(count: number): Probe {
  const branches = times(count, (at) => [{ '==': [{ var: 'user' }, `user-${at}`] }, at]).flat();
  return evaluating(
    { if: [...branches, -1] },
    () => `user-${count - 1}`,
    (answer) => answer === count - 1,
  );
}

export function jsonLogicSegment(size: number): Probe {
  const logic = { in: [{ var: 'user' }, times(size, (at) => `user-${at}`)] };
  return evaluating(
    logic,
    (at) => `user-${size - 1 - (at % 100)}`,
    (answer) => answer === true,
  );
}

function evaluating(logic: object, userAt: (at: number) => string, isRight: (answer: unknown) => boolean): Probe {
  const run = new LogicEngine().build(logic) as (context: { user: string }) => unknown;
  return probe<{ user: string }>({
    inputs: (count) => times(count, (at) => ({ user: fresh(userAt(at)) })),
    run,
    isRight,
  });
}
