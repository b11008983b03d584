import { bucketOf, compilePolicy, type Decision, decide, parsePolicy, type RequestFacts } from '@graylane/core';
import { type DecisionEngine, handedUser, readingUser } from './decision-engine.ts';
import { type Probe, probe, type Question, times } from './probe.ts';
import { bareFactsOf, factsOf } from './requests.ts';
import { isRightLane, type RuleSet, userOf } from './rule-set.ts';

const RULES = [1, 10, 100, 1_000, 10_000];

/** How many users the segment has, and how many the split takes. */
const SEGMENT_SIZE = 10_000;
const PERCENTAGE = 5;
const SALT = 'bench';

/** How a peer's engine is asked. */
type Way = <Context, Answer>(rules: RuleSet, engine: DecisionEngine<Context, Answer>) => Probe;

// A peer is loaded only in the process that measures it.
const PEERS = {
  'limit: one Map': async (rules, ask) => ask(rules, mapLimit(rules)),
  'json-logic-engine, compiled': async (rules, ask) => ask(rules, (await import('./json-logic.ts')).jsonLogic(rules)),
  'flagd-core': async (rules, ask) => ask(rules, (await import('./flagd.ts')).flagd(rules)),
  'unleash-client': async (rules, ask) => ask(rules, await (await import('./unleash.ts')).unleash(rules)),
  launchdarkly: async (rules, ask) => ask(rules, await (await import('./launchdarkly.ts')).launchDarkly(rules)),
} satisfies Record<string, (rules: RuleSet, ask: Way) => Promise<Probe>>;

type Peer = keyof typeof PEERS;

const ALL = Object.keys(PEERS) as Peer[];

/** The questions about deciding. */
export const DECIDE_QUESTIONS: readonly Question[] = [
  ...RULES.map((count) => question(equalityName(count), { kind: 'equality', count }, ALL)),
  handedOver(`${equalityName(10)}, user handed over`, { kind: 'equality', count: 10 }, ALL),
  question(`decide, ${PERCENTAGE} % of users by hashed id`, { kind: 'percentage', percentage: PERCENTAGE }, [
    'flagd-core',
    'unleash-client',
    'launchdarkly',
  ]),
  question(
    `decide, user in a segment of ${SEGMENT_SIZE.toLocaleString('en')}`,
    { kind: 'segment', size: SEGMENT_SIZE },
    ['json-logic-engine, compiled', 'flagd-core', 'unleash-client', 'launchdarkly'],
  ),
  handedOver(
    `decide, user in a segment of ${SEGMENT_SIZE.toLocaleString('en')}, user handed over`,
    { kind: 'segment', size: SEGMENT_SIZE },
    ['json-logic-engine, compiled', 'launchdarkly'],
  ),
];

function equalityName(count: number): string {
  return `decide, last of ${count.toLocaleString('en')} equality rules`;
}

/** Everybody gets the same request, and reads the user out of its header lines. */
function question(name: string, rules: RuleSet, peers: readonly Peer[]): Question {
  return { name, contenders: { graylane: () => graylane(rules, factsOf), ...asked(rules, peers, readingUser) } };
}

/** Everybody gets the user alone: ours as the one header line, a peer as the context that it asks for. */
function handedOver(name: string, rules: RuleSet, peers: readonly Peer[]): Question {
  return { name, contenders: { graylane: () => graylane(rules, bareFactsOf), ...asked(rules, peers, handedUser) } };
}

function asked(rules: RuleSet, peers: readonly Peer[], way: Way): Question['contenders'] {
  return Object.fromEntries(peers.map((peer) => [peer, () => PEERS[peer](rules, way)]));
}

/** What no engine can beat once it has the user: one look into one table. */
function mapLimit(rules: RuleSet): DecisionEngine<string, string | undefined> {
  if (rules.kind !== 'equality') throw new Error(`one Map cannot answer a ${rules.kind}`);
  const lanes = new Map(times(rules.count, (at) => [`user-${at}`, at === rules.count - 1 ? 'gray' : 'stable']));
  return {
    kind: 'called',
    contextOf: (user) => user,
    ask: (user) => lanes.get(user),
    laneOf: (lane) => lane ?? 'none',
  };
}

function graylane(rules: RuleSet, requestOf: (user: string) => RequestFacts): Probe {
  const policy = compilePolicy(parsePolicy({ version: 1, lanes: { gray: {} }, ...rulesOf(rules) }));
  return probe<RequestFacts>({
    inputs: (count) => times(count, (at) => requestOf(userOf(rules, at))),
    run: (facts) => decide(policy, facts),
    isRight: (answer, { headers }) => {
      const { lane } = answer as Decision;
      return isRightLane(rules, lane) && lane === laneOf(rules, headers.at(-1) as string);
    },
  });
}

function rulesOf(rules: RuleSet): object {
  switch (rules.kind) {
    case 'equality': {
      const when = (at: number) => ({ fact: 'header.x-user', equals: `user-${at}` });
      return { rules: times(rules.count, (at) => ({ name: `rule-${at}`, when: when(at), lane: 'gray' })) };
    }
    case 'percentage':
      return {
        rules: [{ name: 'some', split: { by: 'header.x-user', salt: SALT, lanes: { gray: rules.percentage } } }],
      };
    case 'segment':
      return {
        segments: { testers: { fact: 'header.x-user', in: times(rules.size, (at) => `user-${at}`) } },
        rules: [{ name: 'testers', when: { segment: 'testers' }, lane: 'gray' }],
      };
  }
}

function laneOf(rules: RuleSet, user: string): string {
  if (rules.kind !== 'percentage') return 'gray';
  return bucketOf(SALT, user) < rules.percentage * 1_000 ? 'gray' : 'stable';
}
