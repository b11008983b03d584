import { setTimeout as sleep } from 'node:timers/promises';
import { bucketOf } from '@graylane/core';
import { GRAY_SERVICES, type Shop } from './shop.ts';

/** A request that is sent through the shop, and what must become of it. */
export interface Scenario {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What to do before. */
  readonly before?: (shop: Shop) => Promise<void>;
  /** The lane that the gateway must decide, and the rule that decides it. */
  readonly lane: 'gray' | 'stable';
  readonly rule?: string;
  /** The services that a gray instance must serve. */
  readonly gray: readonly string[];
}

const [insider, outsider] = usersAround(10_000);

/** What `npm start` shows, in this order. */
export const SCENARIOS: readonly Scenario[] = [
  { title: 'Nobody special', headers: {}, lane: 'stable', gray: [] },
  { title: 'A tester, by header', headers: { 'x-tester': '1' }, lane: 'gray', rule: 'testers', gray: GRAY_SERVICES },
  {
    title: 'A preview, by cookie',
    headers: { cookie: 'theme=dark; preview=gray' },
    lane: 'gray',
    rule: 'preview-cookie',
    gray: GRAY_SERVICES,
  },
  {
    title: `User ${insider}, within ten per cent`,
    headers: { 'x-user-id': insider },
    lane: 'gray',
    rule: 'ten-per-cent',
    gray: GRAY_SERVICES,
  },
  {
    title: `User ${outsider}, outside of them`,
    headers: { 'x-user-id': outsider },
    lane: 'stable',
    rule: 'ten-per-cent',
    gray: [],
  },
  {
    title: 'An iPhone in Shanghai, by a composite rule',
    headers: { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)', 'x-city': 'Shanghai' },
    lane: 'gray',
    rule: 'ios-in-two-cities',
    gray: GRAY_SERVICES,
  },
  {
    title: 'A stranger who forges the lane',
    headers: { baggage: 'graylane=gray', 'X-GrayLane': 'gray' },
    lane: 'stable',
    gray: [],
  },
  {
    title: 'A tester, just after the gray cart was killed',
    headers: { 'x-tester': '1' },
    before: (shop) => shop.kill('cart', 'gray'),
    lane: 'gray',
    rule: 'testers',
    gray: ['payment'],
  },
  {
    title: 'A tester, with the gray cart back',
    headers: { 'x-tester': '1' },
    before: async (shop) => {
      await shop.start('cart', 'gray');
      await sleep(1_200); // a lane that was lost has to settle for a second
    },
    lane: 'gray',
    rule: 'testers',
    gray: GRAY_SERVICES,
  },
];

/** The first user whose bucket is below a boundary, and the first whose bucket is not. */
function usersAround(boundary: number): readonly [string, string] {
  const users = Array.from({ length: 200 }, (_, index) => `u${index + 1}`);
  const within = (user: string): boolean => bucketOf('shop-2026', user) < boundary;
  return [users.find(within) as string, users.find((user) => !within(user)) as string];
}
