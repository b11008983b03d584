import { parsePolicy, type RequestFacts } from '@graylane/core';
import { naiveDecide } from '@graylane/testkit';

/** Who sends a request: what rules look at. */
export interface Sender {
  readonly tester: boolean;
  /** From 0 to below {@link USERS}. */
  readonly user: number;
}

export const USERS = 64;

const TESTER = { fact: 'header.x-tester', equals: '1' };

const RULES = [
  [{ name: 'testers', when: TESTER, lane: 'gray' }],
  [{ name: 'few', split: { by: 'attribute.user', lanes: { gray: 10 } } }],
  [
    { name: 'beta-testers', when: TESTER, lane: 'beta' },
    { name: 'some', split: { by: 'attribute.user', lanes: { gray: 30, beta: 20 } } },
  ],
  [],
  [{ name: 'many', when: { not: TESTER }, split: { by: 'attribute.user', lanes: { gray: 50 } } }],
];

/** The policies that the gateway is given one after the other. */
export const REVISIONS: readonly unknown[] = RULES.map((rules) => ({
  version: 1,
  lanes: { gray: {}, beta: { fallback: ['gray'] } },
  attributes: { user: ['header.x-user'] },
  rules,
}));

/** Where requests of a lane may be served. */
export const CHAINS: Readonly<Record<string, readonly string[]>> = {
  stable: ['stable'],
  gray: ['gray', 'stable'],
  beta: ['beta', 'gray', 'stable'],
};

/** The lane of a sender in a revision, as the naive engine decides. */
export function laneOf(revision: number, { tester, user }: Sender): string {
  return LANES[revision]?.[tester ? 1 : 0]?.[user] ?? 'none';
}

const LANES = REVISIONS.map((revision) => {
  const policy = parsePolicy(revision);
  return [false, true].map((tester) =>
    Array.from({ length: USERS }, (_, user) => naiveDecide(policy, factsOf({ tester, user })).lane),
  );
});

function factsOf(sender: Sender): RequestFacts {
  const place = { method: 'GET', host: 'shop', path: '/', query: '', ip: '127.0.0.1' };
  return { ...place, headers: linesOf(sender).flat(), token: {}, geo: {}, time: 0 };
}

/** The header lines that say who sends a request. */
export function linesOf({ tester, user }: Sender): readonly (readonly [string, string])[] {
  return [['x-user', `user-${user}`], ...(tester ? [['x-tester', '1'] as const] : [])];
}
