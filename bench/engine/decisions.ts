import {
  bucketOf,
  compilePolicy,
  type Decision,
  decide,
  headerValue,
  parsePolicy,
  type RequestFacts,
  requestFacts,
} from '@graylane/core';
import { fresh, type Probe, probe, type Question, times } from './probe.ts';

const RULES = [1, 10, 100, 1_000, 10_000];

/** How many users the segment has, and how many the split takes. */
const SEGMENT_SIZE = 10_000;
const PERCENTAGE = 5;

// A peer is loaded only in the process that measures it.
const jsonLogic = () => import('./json-logic.ts');
const flagd = () => import('./flagd.ts');
const unleash = () => import('./unleash.ts');

/** Eleven header lines as a browser sends them; the header that is asked for comes last, behind them. */
const BROWSER: readonly string[] = [
  ['Host', 'shop.example.com'],
  ['Connection', 'keep-alive'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cookie', 'session=4f9d7c1e0b; theme=dark; consent=1'],
  ['Referer', 'https://shop.example.com/cart'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Cache-Control', 'max-age=0'],
]
  .flat()
  .map(fresh);

/** What is decided by: the user, for every engine. Ours finds the user in raw header lines; the others are handed it. */
function factsOf(user: string): RequestFacts {
  return requestFacts({ host: 'shop.example.com', headers: [...BROWSER, 'X-User', fresh(user)] });
}

/** The last of so many rules, each of which compares the user with one name, matches. */
const equality = RULES.map(
  (count): Question => ({
    name: `decide, last of ${count.toLocaleString('en')} equality rules`,
    group: 'decide',
    contenders: {
      graylane: () => graylaneEquality(count),
      'limit: one Map': () => mapLimit(count),
      'json-logic-engine, compiled': async () => (await jsonLogic()).jsonLogicEquality(count),
      'flagd-core': async () => (await flagd()).flagdEquality(count),
      'unleash-client': async () => (await unleash()).unleashEquality(count),
    },
  }),
);

/** The questions about deciding. */
export const DECIDE_QUESTIONS: readonly Question[] = [
  ...equality,
  {
    name: `decide, ${PERCENTAGE} % of users by hashed id`,
    group: 'decide',
    contenders: {
      graylane: graylanePercentage,
      'flagd-core': async () => (await flagd()).flagdPercentage(PERCENTAGE),
      'unleash-client': async () => (await unleash()).unleashPercentage(PERCENTAGE),
    },
  },
  {
    name: `decide, user in a segment of ${SEGMENT_SIZE.toLocaleString('en')}`,
    group: 'decide',
    contenders: {
      graylane: graylaneSegment,
      'json-logic-engine, compiled': async () => (await jsonLogic()).jsonLogicSegment(SEGMENT_SIZE),
      'flagd-core': async () => (await flagd()).flagdSegment(SEGMENT_SIZE),
      'unleash-client': async () => (await unleash()).unleashSegment(SEGMENT_SIZE),
    },
  },
];

function graylaneEquality(count: number): Probe {
  const rules = times(count, (at) => ({
    name: `rule-${at}`,
    when: { fact: 'header.x-user', equals: `user-${at}` },
    lane: 'gray',
  }));
  const policy = compilePolicy(parsePolicy({ version: 1, lanes: { gray: {} }, rules }));
  const last = `rule-${count - 1}`;
  return probe<RequestFacts>({
    inputs: (size) => times(size, () => factsOf(`user-${count - 1}`)),
    run: (facts) => decide(policy, facts),
    isRight: (answer) => (answer as Decision).by === 'rule' && (answer as { rule: string }).rule === last,
  });
}

/** What no engine can beat while it reads the same header lines: one look into one table. */
function mapLimit(count: number): Probe {
  const index = new Map(times(count, (at) => [`user-${at}`, at]));
  return probe<RequestFacts>({
    inputs: (size) => times(size, () => factsOf(`user-${count - 1}`)),
    run: (facts) => index.get(headerValue(facts.headers, 'x-user') ?? ''),
    isRight: (answer) => answer === count - 1,
  });
}

function graylanePercentage(): Probe {
  const split = { by: 'header.x-user', salt: 'bench', lanes: { gray: PERCENTAGE } };
  const policy = compilePolicy(parsePolicy({ version: 1, lanes: { gray: {} }, rules: [{ name: 'some', split }] }));
  return probe<RequestFacts>({
    inputs: (size) => times(size, (at) => factsOf(`user-${at}`)),
    run: (facts) => decide(policy, facts),
    isRight: (answer, { headers }) => {
      const isIn = bucketOf('bench', headers.at(-1) as string) < PERCENTAGE * 1_000;
      return (answer as Decision).lane === (isIn ? 'gray' : 'stable');
    },
  });
}

function graylaneSegment(): Probe {
  const users = times(SEGMENT_SIZE, (at) => `user-${at}`);
  const policy = compilePolicy(
    parsePolicy({
      version: 1,
      lanes: { gray: {} },
      segments: { testers: { fact: 'header.x-user', in: users } },
      rules: [{ name: 'testers', when: { segment: 'testers' }, lane: 'gray' }],
    }),
  );
  return probe<RequestFacts>({
    inputs: (size) => times(size, (at) => factsOf(`user-${SEGMENT_SIZE - 1 - (at % 100)}`)),
    run: (facts) => decide(policy, facts),
    isRight: (answer) => (answer as Decision).lane === 'gray',
  });
}
