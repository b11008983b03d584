/** Chooses by the characters of a text, so that changing the text changes what is chosen. */
export class Choices {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** A whole number from 0 to below `end`; 0 when the text is over. */
  below(end: number): number {
    const code = this.#at < this.#text.length ? this.#text.charCodeAt(this.#at++) : 0;
    return code % end;
  }

  oneOf<Item>(list: readonly Item[]): Item {
    return list[this.below(list.length)] as Item;
  }

  /** From `min` to `max` things. */
  some<Item>(min: number, max: number, make: () => Item): Item[] {
    return Array.from({ length: min + this.below(max - min + 1) }, make);
  }
}

const PLAIN_FACTS = [
  ...['header.x', 'cookie.a', 'query.a', 'path', 'host', 'ip', 'method', 'time', 'token.sub', 'token.a.b', 'geo.city'],
  ...[
    'agent.device',
    'agent.os',
    'agent.osVersion',
    'agent.browser',
    'agent.browserVersion',
    'header.cookie',
    'header.user-agent',
  ],
];
const FACTS = [...PLAIN_FACTS, 'attribute.user', 'attribute.place', 'header.x', 'cookie.a', 'query.a'];
const NUMBERS = [0, 1, -1, 7, 12.5, 100, 1e21, 2 ** 53];
/** What means the same to RE2 and to ECMAScript. */
const EXPRESSIONS = ['^a', 'b$', '^(a|ab)c?$', '[0-9]+', '^(a+)+$', '(?:a|b|ab)+c', '\\.', '^[^=]*=', '[a-z]{2,9}$'];
const NETWORKS = ['10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '::ffff:10.0.0.0/104', '10.0.0.1'];
const RANGES = ['1.2', '>=1.2 <2', '^1.2', '~1.2.3', '^0.0.3', '<1 || >=2', '>1.2.3-rc.1', '~0'];
const TIMES = ['2026-12-24', '2026-12-24T18:00:00Z', '1970-01-01', '2026-12-24T18:00:00.5+08:00'];

/** A policy by choice, whose operands are among `words` so that requests meet them. */
export function policyOf(choices: Choices, words: readonly string[]): unknown {
  const fact = (): string => choices.oneOf(FACTS);
  const outcome = (): object =>
    choices.below(3) > 0 ? { lane: choices.oneOf(['gray', 'blue', 'stable']) } : { split: splitOf(choices) };
  const rule = (): object =>
    choices.below(8) > 0 ? { when: conditionOf(choices, words, 3), ...outcome() } : outcome();
  return {
    version: 1,
    lanes: { gray: {}, blue: { enabled: false } },
    attributes: { user: ['header.x', 'cookie.a'], place: [choices.oneOf(PLAIN_FACTS), 'ip'] },
    segments: {
      inline: { fact: fact(), in: choices.some(1, 4, () => choices.oneOf(words)) },
      when: { when: testOf(choices, words) },
    },
    rules: choices.some(1, 8, rule).map((each, index) => ({ name: `r${index}`, ...each })),
  };
}

function conditionOf(choices: Choices, words: readonly string[], depth: number): object {
  const inner = (): object => conditionOf(choices, words, depth - 1);
  switch (depth === 0 ? 0 : choices.below(8)) {
    case 4:
      return { all: choices.some(1, 3, inner) };
    case 5:
      return { any: choices.some(1, 3, inner) };
    case 6:
      return { not: inner() };
    case 7:
      return { segment: choices.oneOf(['inline', 'when']) };
    default:
      return testOf(choices, words);
  }
}

function testOf(choices: Choices, words: readonly string[]): object {
  const text = (): string => choices.oneOf(words);
  const number = (): number => choices.oneOf(NUMBERS);
  const operators: readonly (readonly [name: string, operand: () => unknown])[] = [
    ...(['equals', 'prefix', 'suffix', 'contains'] as const).map((name) => [name, text] as const),
    ...(['gt', 'gte', 'lt', 'lte'] as const).map((name) => [name, number] as const),
    ['in', () => choices.some(1, 5, text)],
    ['range', () => [number(), number()].sort((a, b) => a - b)],
    ['matches', () => choices.oneOf(EXPRESSIONS)],
    ['cidr', () => choices.some(1, 3, () => choices.oneOf(NETWORKS))],
    ['semver', () => choices.oneOf(RANGES)],
    ['mod', () => ({ by: 7, in: [choices.below(7)] })],
    ['before', () => choices.oneOf(TIMES)],
    ['after', () => choices.oneOf(TIMES)],
    ['exists', () => choices.below(2) === 0],
  ];
  const [operator, operand] = choices.oneOf(operators);
  return { fact: choices.oneOf(FACTS), [operator]: operand(), ...(choices.below(3) === 0 && { ignoreCase: true }) };
}

function splitOf(choices: Choices): object {
  const shares = [0, 0.001, 5, 33.333, 50];
  const lanes = { gray: choices.oneOf(shares), blue: choices.oneOf(shares) };
  return { by: choices.oneOf(FACTS), ...(choices.below(2) === 0 && { salt: 's' }), lanes };
}
