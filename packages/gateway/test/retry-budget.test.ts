import { expect, it } from '@jest/globals';
import { RetryBudget } from '../src/retry-budget.ts';

/** How often in a row it gives. */
function givenBy(budget: RetryBudget): number {
  let given = 0;
  while (budget.spend()) given++;
  return given;
}

it('a retry budget has some for those who ask little', () => {
  expect(givenBy(new RetryBudget(() => 0))).toBe(10);
});

it('a retry budget grows with a fifth of the requests', () => {
  const budget = new RetryBudget(() => 0);
  givenBy(budget);
  for (let count = 0; count < 100; count++) budget.onRequest();
  expect(givenBy(budget)).toBeGreaterThanOrEqual(19);
  expect(givenBy(budget)).toBe(0);
});

it('a retry budget grows by ten a second, and never above a hundred', () => {
  let now = 0;
  const budget = new RetryBudget(() => now);
  givenBy(budget);
  now += 2_000;
  expect(givenBy(budget)).toBe(20);
  now += 3_600_000;
  for (let count = 0; count < 10_000; count++) budget.onRequest();
  expect(givenBy(budget)).toBe(100);
});
