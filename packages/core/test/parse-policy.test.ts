import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy, decide } from '../src/decide.ts';
import { formatIssue, type GraylaneError, isGraylaneError } from '../src/errors.ts';
import { requestFacts } from '../src/facts.ts';
import { parsePolicy } from '../src/parse-policy.ts';

const EXAMPLE = `version: 1
lanes:
  gray: { owner: checkout-team, expires: 2026-12-24 }   # falls back to stable
  checkout-v2: { fallback: [gray] }                      # then gray, then stable
  load-test: { strict: true }                            # never falls back
  next-env: { environment: "http://next-ingress:8080" }  # a whole other environment
  off: { enabled: false }
attributes:                                              # named facts, first one present wins
  user: [token.sub, header.x-user-id, cookie.uid]
  device: [header.x-device, agent.device]
  city: [geo.city]
segments:
  testers: { fact: attribute.user, in: [u1, u2] }
  beta: { fact: attribute.user, file: beta-users.txt }
  mobile: { when: { fact: attribute.device, in: [ios, android] } }
rules:
  - name: testers
    when: { any: [ { segment: testers }, { fact: header.x-tester, equals: "1" } ] }
    lane: gray
  - name: ios-in-two-cities
    description: a first step
    when: { all: [ { fact: attribute.device, equals: ios }, { fact: attribute.city, in: [Beijing, Shanghai] }, { not: { segment: testers } } ] }
    split: { by: attribute.user, salt: checkout-2026, lanes: { gray: 5 } }   # per cent, 0.001 steps
  - name: everybody else
    split: { by: ip, lanes: { gray: 0.001, stable: 99 } }
services:
  payments: { fallback: { gray: strict, checkout-v2: [] }, minReady: 2 }
`;

const EXAMPLE_VALUE = {
  version: 1,
  lanes: {
    gray: { owner: 'checkout-team', expires: '2026-12-24' },
    'checkout-v2': { fallback: ['gray'] },
    'load-test': { strict: true },
    'next-env': { environment: 'http://next-ingress:8080' },
    off: { enabled: false },
  },
  attributes: {
    user: ['token.sub', 'header.x-user-id', 'cookie.uid'],
    device: ['header.x-device', 'agent.device'],
    city: ['geo.city'],
  },
  segments: {
    testers: { fact: 'attribute.user', in: ['u1', 'u2'] },
    beta: { fact: 'attribute.user', file: 'beta-users.txt' },
    mobile: { when: { fact: 'attribute.device', in: ['ios', 'android'] } },
  },
  rules: [
    {
      name: 'testers',
      when: { any: [{ segment: 'testers' }, { fact: 'header.x-tester', equals: '1' }] },
      lane: 'gray',
    },
    {
      name: 'ios-in-two-cities',
      description: 'a first step',
      when: {
        all: [
          { fact: 'attribute.device', equals: 'ios' },
          { fact: 'attribute.city', in: ['Beijing', 'Shanghai'] },
          { not: { segment: 'testers' } },
        ],
      },
      split: { by: 'attribute.user', salt: 'checkout-2026', lanes: { gray: 5 } },
    },
    { name: 'everybody else', split: { by: 'ip', lanes: { gray: 0.001, stable: 99 } } },
  ],
  services: { payments: { fallback: { gray: 'strict', 'checkout-v2': [] }, minReady: 2 } },
};

/** The issues that a policy is refused with, as lines. Anything but a refusal fails. */
function refusal(input: unknown): string[] {
  try {
    parsePolicy(input);
  } catch (error) {
    if (!isGraylaneError(error, 'GL_POLICY_INVALID')) throw error;
    return error.issues.map(formatIssue);
  }
  throw new Error('the policy was accepted');
}

const EMPTY = { version: 1, lanes: {}, attributes: {}, segments: {}, rules: [], services: {} };

describe('a policy', () => {
  it('means the same as YAML, as JSON and as a value', () => {
    expect(parsePolicy(EXAMPLE)).toEqual(EXAMPLE_VALUE);
    expect(parsePolicy(JSON.stringify(EXAMPLE_VALUE))).toEqual(EXAMPLE_VALUE);
    expect(parsePolicy(JSON.stringify(EXAMPLE_VALUE, null, 2))).toEqual(EXAMPLE_VALUE);
    expect(parsePolicy(EXAMPLE_VALUE)).toEqual(EXAMPLE_VALUE);
    expect(parsePolicy(parsePolicy(EXAMPLE))).toEqual(EXAMPLE_VALUE);
  });

  it('is written back in a fixed order of sections', () => {
    const shuffled = Object.fromEntries(Object.entries(EXAMPLE_VALUE).reverse());
    expect(JSON.stringify(parsePolicy(shuffled))).toBe(JSON.stringify(parsePolicy(EXAMPLE)));
  });

  it.each([
    ['only a version', 'version: 1'],
    ['sections left empty', 'version: 1\nlanes:\nattributes:\nsegments:\nrules:\nservices:\n'],
    ['sections undefined', { version: 1, lanes: undefined, rules: undefined }],
    ['sections null', { version: 1, lanes: null, attributes: null, segments: null, rules: null, services: null }],
    ['a byte order mark', '\ufeffversion: 1\n'],
    ['other line ends', 'version: 1\r\nrules: []\r\n'],
    ['a document mark and an end', '---\nversion: 1\n...\n'],
  ])('may be as little as %s', (_, input) => {
    expect(parsePolicy(input)).toEqual(EMPTY);
  });

  it('a lane without a word about it is declared', () => {
    expect(parsePolicy('version: 1\nlanes:\n  gray:\n').lanes).toEqual({ gray: {} });
  });

  it('is frozen to its last value', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(parsePolicy(EXAMPLE))).toBe(true);
    expect(frozen(parsePolicy('version: 1'))).toBe(true);
  });

  it('does not change when the value that it was made from does', () => {
    const input = structuredClone(EXAMPLE_VALUE);
    const compiled = compilePolicy(parsePolicy(input));
    const policy = parsePolicy(input);
    input.lanes.gray.owner = 'nobody';
    input.rules.length = 0;
    input.segments.testers.in.push('u3');
    expect(policy).toEqual(EXAMPLE_VALUE);
    expect(decide(compiled, requestFacts({ token: { sub: 'u3' } })).by).toBe('no-key');
    expect(Object.isFrozen(input.lanes)).toBe(false);
  });

  it('compiled from a value that changes later stays as it was', () => {
    const input = structuredClone(EXAMPLE_VALUE);
    const compiled = compilePolicy(input as never);
    input.segments.testers.in[0] = 'u9';
    (input.rules[0] as { lane?: string }).lane = 'off';
    expect(decide(compiled, requestFacts({ token: { sub: 'u1' } }))).toEqual({
      by: 'rule',
      lane: 'gray',
      rule: 'testers',
    });
  });
});

describe('a policy with mistakes', () => {
  it('reports all of them at once, each with its path, its place and what to write', () => {
    const text = `version: "1"
lanse: {}
lanes:
  Big_Lane: {}
  stable: {}
  gray: { owner: 7, expiry: 2026-12-24, expires: soon }
  blue: { fallback: [grey], enabled: yes, strict: 1 }
  red: { fallback: [red, stable], environment: "http://next/path" }
  green: []
attributes:
  user: [token.sub, attribute.other]
  "a b": [ip]
  city: [geo.town]
  none: []
segments:
  testers: { fact: attribute.usr, in: [u1, 2] }
  both: { fact: ip, in: [a], file: f.txt }
  nested: { when: { segment: testers } }
rules:
  - when: { fact: header.x-tester, equals: 1 }
    lane: gray
  - name: twice
    lane: gray
    split: { by: attribute.user, lanes: { gray: 60, blue: 50 } }
  - name: twice
    when: { segment: tester }
  - name: split
    split:
      by: user
      lanes:
        gray: 0.0005
        grya: 5
        blue: -1
  - name: combination
    when: { all: [ { fact: path, prefix: /api, suffix: .js } ] }
    lane: purple
services:
  payments: { fallback: { gray: never, grey: strict }, minReady: 0, timeout: 3 }
`;
    expect(refusal(text)).toEqual([
      '1:1 version: must be 1, the version of this format',
      '2:1 lanse: unknown field (did you mean "lanes"?); known here: version, lanes, attributes, segments, rules, services',
      '4:3 lanes.Big_Lane: is no lane name: use 1 to 40 of a-z, 0-9 and "-", no "-" at the ends',
      '5:3 lanes.stable: stable always exists and cannot be declared',
      '6:11 lanes.gray.owner: must be a text, not 7 (put it in quotes: "7")',
      '6:21 lanes.gray.expiry: unknown field (did you mean "expires"?); known here: owner, description, expires, enabled, fallback, strict, environment',
      '6:41 lanes.gray.expires: is no date: write 2026-12-24',
      '7:22 lanes.blue.fallback[0]: no lane is called "grey" (did you mean "gray"?): declare it under lanes',
      '7:29 lanes.blue.enabled: must be true or false, not "yes"',
      '7:43 lanes.blue.strict: must be true or false, not 1',
      '8:21 lanes.red.fallback[0]: a lane cannot fall back to itself',
      '8:26 lanes.red.fallback[1]: stable comes last by itself: leave it out',
      '8:35 lanes.red.environment: must be an origin: http://host:port or https://host, nothing behind it',
      '9:3 lanes.green: must be an object, not a list',
      '11:21 attributes.user[1]: an attribute is made of plain facts, not of other attributes',
      '12:3 attributes["a b"]: is no attribute name: use letters, digits, "_" and "-"',
      '13:10 attributes.city[0]: geo has country, region, city, not "town"',
      '14:3 attributes.none: must have at least 1 item',
      '16:14 segments.testers.fact: no attribute is called "usr" (did you mean "user"?): add it, as attributes: { usr: [header.x-usr] }',
      '16:44 segments.testers.in[1]: must be a text, not 2 (put it in quotes: "2")',
      '17:3 segments.both: must have exactly one of in, file (each with fact) and when',
      '18:21 segments.nested.when.segment: a segment cannot be made of other segments: write their conditions out',
      '20:5 rules[0].name: must be a text, not missing',
      '20:36 rules[0].when.equals: must be a text, not 1 (put it in quotes: "1")',
      '22:5 rules[1]: has both lane and split: a rule has one of them',
      '24:34 rules[1].split.lanes: add up to 110 per cent: at most 100',
      '25:5 rules[2].name: another rule is called "twice": names are unique',
      '25:5 rules[2]: must have a lane or a split',
      '26:13 rules[2].when.segment: no segment is called "tester" (did you mean "testers"?)',
      '29:7 rules[3].split.by: no fact is called "user": use header.NAME, cookie.NAME, query.NAME, token.CLAIM, attribute.NAME, geo.NAME, agent.NAME, method, host, path, ip or time',
      '31:9 rules[3].split.lanes.gray: must be in steps of 0.001 per cent',
      '32:9 rules[3].split.lanes.grya: no lane is called "grya" (did you mean "gray"?): declare it under lanes',
      '33:9 rules[3].split.lanes.blue: must be at least 0, not -1',
      '35:20 rules[4].when.all[0]: has both prefix and suffix: put two conditions into all: [ … ]',
      '36:5 rules[4].lane: no lane is called "purple": declare it under lanes',
      '38:27 services.payments.fallback.gray: must be "strict" or a list of lanes to try before stable',
      '38:40 services.payments.fallback.grey: no lane is called "grey" (did you mean "gray"?): declare it under lanes',
      '38:56 services.payments.minReady: must be at least 1, not 0',
      '38:69 services.payments.timeout: unknown field; known here: fallback, minReady',
    ]);
  });

  it('says how many there are, lists the first ones and keeps them all', () => {
    const thrown = (input: unknown): GraylaneError => {
      try {
        parsePolicy(input);
      } catch (error) {
        return error as GraylaneError;
      }
      throw new Error('the policy was accepted');
    };
    expect(thrown({ version: 2 }).message).toBe(
      'The policy has a mistake:\n  version: must be 1, the version of this format',
    );
    const many = thrown(`version: 1\nrules: [${'0, '.repeat(70)}0]`);
    expect(many.issues).toHaveLength(71);
    expect(many.message.split('\n')).toHaveLength(52);
    expect(many.message).toMatch(/^The policy has 71 mistakes:\n {2}2:9 rules\[0\]: must be .*\n {2}and 21 more$/s);
  });

  it.each<[string, string, string[]]>([
    ['nothing', '', ['1:1 must be an object, not empty']],
    ['a comment', '# nothing yet\n', ['1:1 must be an object, not empty']],
    ['a list', '- a\n- b\n', ['1:1 must be an object, not a list']],
    ['a text', 'hello', ['1:1 must be an object, not "hello"']],
    ['a number', '1', ['1:1 must be an object, not 1']],
    ['two documents', 'version: 1\n---\nversion: 1\n', ['2:1 has a second document: keep one, "---" begins another']],
    [
      'a repeated key',
      'version: 1\nlanes: {a: {}, b: {}, a: {}}\nversion: 1\n',
      ['2:23 "a" is written twice: keep one', '3:1 "version" is written twice: keep one'],
    ],
    ['a repeated key in JSON', '{"version": 1,\n "version": 1}', ['2:2 "version" is written twice: keep one']],
    [
      'keys that only YAML tells apart',
      'version: 1\nlanes: {1: {}, "1": {}}\n',
      ['2:16 "1" is written twice: keep one'],
    ],
    ['a tab as indentation', 'version: 1\nlanes:\n\tgray: {}\n', ['3:1 Tabs are not allowed as indentation']],
    [
      'an alias without anchor',
      'version: 1\nlanes: *nothing\n',
      ['Unresolved alias (the anchor must be set before the alias): nothing'],
    ],
    ['an unknown tag', 'version: 1\nlanes: { gray: { owner: !secret x } }\n', ['2:25 Unresolved tag: !secret']],
    [
      'a merge key, which YAML 1.2 does not have',
      'version: 1\nlanes: {a: &a {strict: true}, b: {<<: *a}}\n',
      [
        '2:35 lanes.b["<<"]: unknown field; known here: owner, description, expires, enabled, fallback, strict, environment',
      ],
    ],
    ['an open quote', 'version: 1\nrules: "', ['2:9 Missing closing "quote']],
    [
      'a number where a text is needed',
      'version: 1\nsegments: {s: {fact: ip, in: [1, 2.5, 0x10, true]}}\n',
      [
        '2:31 segments.s.in[0]: must be a text, not 1 (put it in quotes: "1")',
        '2:34 segments.s.in[1]: must be a text, not 2.5 (put it in quotes: "2.5")',
        '2:39 segments.s.in[2]: must be a text, not 16 (put it in quotes: "16")',
        '2:45 segments.s.in[3]: must be a text, not true (put it in quotes: "true")',
      ],
    ],
    [
      'a list as key',
      'version: 1\n? [a, b]\n: 1\n',
      ['1:1 ["[ a, b ]"]: unknown field; known here: version, lanes, attributes, segments, rules, services'],
    ],
    [
      'not a number',
      'version: 1\nservices: {a: {minReady: .nan}}\n',
      ['2:16 services.a.minReady: must be a whole number, not NaN'],
    ],
    [
      'prototype names',
      'version: 1\n__proto__: {}\nlanes: {__proto__: {}, constructor: {}}\n',
      [
        '2:1 __proto__: unknown field; known here: version, lanes, attributes, segments, rules, services',
        '3:9 lanes.__proto__: is no lane name: use 1 to 40 of a-z, 0-9 and "-", no "-" at the ends',
      ],
    ],
    [
      'a lane called as an inherited field',
      'version: 1\nrules: [{name: a, lane: constructor}]\n',
      ['2:19 rules[0].lane: no lane is called "constructor": declare it under lanes'],
    ],
    [
      'values of YAML 1.1',
      '%YAML 1.1\n---\nversion: 1\nlanes: !!omap [gray: {}]\n',
      ['4:1 lanes: must be an object, not a Map'],
    ],
    [
      'a condition that contains itself',
      'version: 1\nrules: [{name: a, lane: stable, when: &a {any: [*a, *a, *a, *a]}}]\n',
      ['1:1 is nested more than 64 deep, or contains itself'],
    ],
  ])('%s is refused', (_, text, issues) => {
    expect(refusal(text)).toEqual(issues);
  });

  it('a bomb of aliases is refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join(', ')}]`,
    );
    expect(refusal(`a0: &a0 [x]\n${levels.join('\n')}\n`)).toEqual([
      'Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  it('five megabytes are refused unread', () => {
    const issue = ['has more than 4000000 characters: keep large segments in files'];
    expect(refusal('#'.repeat(5_000_000))).toEqual(issue);
    expect(refusal(`{"version": 1, "lanes": {${'"a": {}, '.repeat(600_000)}}}`)).toEqual(issue);
  });

  it('many keys cost no more than their number', () => {
    const services = Array.from({ length: 30_000 }, (_, n) => `  s${n}: { minReady: 1 }\n`).join('');
    expect(Object.keys(parsePolicy(`version: 1\nservices:\n${services}`).services)).toHaveLength(30_000);
  });

  it.each([
    ['flow lists', '['.repeat(50_000)],
    ['closed flow lists', `${'['.repeat(3000)}${']'.repeat(3000)}`],
    ['flow maps', '{a: '.repeat(20_000)],
    ['block lists', '- '.repeat(20_000)],
    ['JSON', `{"version": 1, "rules": ${'[{"when":'.repeat(2000)}1${'}]'.repeat(2000)}}`],
  ])('nesting without end as %s is refused', (_, text) => {
    expect(refusal(text).length).toBeGreaterThan(0);
  });

  it('values that no text stands for are refused by name', () => {
    const circle: Record<string, unknown> = { version: 1 };
    circle.lanes = circle;
    expect(refusal(circle)).toEqual(['is nested more than 64 deep, or contains itself']);
    expect(refusal({ version: 1, lanes: new Map([['gray', {}]]) })).toEqual(['lanes: must be an object, not a Map']);
    expect(refusal({ version: 1, rules: new Set() })).toEqual(['rules: must be a list, not a Set']);
    expect(refusal({ version: 1n, lanes: 1n })).toEqual([
      'version: must be 1, the version of this format',
      'lanes: must be an object, not 1',
    ]);
    expect(refusal(undefined)).toEqual(['must be an object, not missing']);
    expect(refusal(Symbol('x'))).toEqual(['must be an object, not Symbol(x)']);
    expect(refusal(new Date(0))).toEqual(['must be an object, not a Date']);
  });
});

describe('YAML as people write it', () => {
  it('words that were booleans in YAML 1.1 are texts', () => {
    const policy = parsePolicy('version: 1\nlanes: { on: { owner: yes }, off: { owner: no, description: y } }\n');
    expect(policy.lanes).toEqual({ on: { owner: 'yes' }, off: { owner: 'no', description: 'y' } });
  });

  it('dates, addresses and octal-looking numbers are texts or numbers, nothing else', () => {
    const policy = parsePolicy(
      'version: 1\nsegments: { s: { fact: ip, in: [2026-12-24, 10.0.0.1, 1_000, 12:30:45, 0o7x, ~x, "0123"] } }\n',
    );
    expect(policy.segments.s).toEqual({
      fact: 'ip',
      in: ['2026-12-24', '10.0.0.1', '1_000', '12:30:45', '0o7x', '~x', '0123'],
    });
  });

  it('anchors and aliases may share what is the same', () => {
    const policy = parsePolicy(
      'version: 1\nlanes: {gray: }\nrules:\n  - { name: a, lane: gray, when: &who { fact: ip, equals: a } }\n  - { name: b, lane: gray, when: *who }\n',
    );
    expect(policy.rules[1]?.when).toEqual({ fact: 'ip', equals: 'a' });
  });

  it('a mistake behind an alias is placed at the nearest thing that is written', () => {
    const text =
      'version: 1\nlanes: {gray: }\nrules:\n  - { name: a, lane: gray, when: &who { fact: ip, equals: 1 } }\n  - { name: b, lane: gray, when: *who }\n';
    expect(refusal(text)).toEqual([
      '4:51 rules[0].when.equals: must be a text, not 1 (put it in quotes: "1")',
      '5:28 rules[1].when.equals: must be a text, not 1 (put it in quotes: "1")',
    ]);
  });

  it('a service may have any name', () => {
    const policy = parsePolicy(
      'version: 1\nservices: { __proto__: { minReady: 2 }, "orders.v1:80": { minReady: 3 } }\n',
    );
    expect(Object.keys(policy.services)).toEqual(['__proto__', 'orders.v1:80']);
    expect('minReady' in policy.services).toBe(false);
    const { routing } = compilePolicy(policy);
    expect([routing.minReady('__proto__'), routing.minReady('orders.v1:80'), routing.minReady('toString')]).toEqual([
      2, 3, 1,
    ]);
  });
});

describe('whatever is given', () => {
  const onlyRefuses = (input: unknown): void => {
    try {
      parsePolicy(input);
    } catch (error) {
      if (!isGraylaneError(error, 'GL_POLICY_INVALID') || error.issues.length === 0) throw error;
    }
  };

  it('a random value is accepted or refused, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withNullPrototype: true,
          withSparseArray: true,
          withTypedArray: true,
        }),
        onlyRefuses,
      ),
    );
  });

  it('a policy with random values in random places is accepted or refused, and nothing else', () => {
    const word = fc.constantFrom('gray', 'stable', 'ip', 'attribute.user', 'strict', '__proto__', '', 'header.x', 'u1');
    const junk = fc.oneof(
      word,
      fc.anything({ maxDepth: 2, withBigInt: true }),
      fc.constantFrom(1, 0, -1, true, null, undefined, 5, 100.001),
    );
    const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
      typeof value === 'object' && value !== null
        ? [
            path,
            ...Object.entries(value).flatMap(([key, inner]) =>
              places(inner, [...path, Array.isArray(value) ? Number(key) : key]),
            ),
          ]
        : [path];
    const all = places(EXAMPLE_VALUE).filter((path) => path.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...all), junk, fc.option(word), (path, value, extra) => {
        const policy = structuredClone(EXAMPLE_VALUE);
        const last = path.at(-1) as string;
        const parent = path
          .slice(0, -1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], policy) as Record<string, unknown>;
        parent[last] = value;
        if (extra !== null && !Array.isArray(parent)) parent[extra] = value;
        onlyRefuses(policy);
      }),
      { numRuns: 3000 },
    );
  });

  it('a text with random changes is accepted or refused, and nothing else', () => {
    const inserted = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ' ',
      '\n',
      '\t',
      '- ',
      '"',
      "'",
      '*a',
      '&a ',
      '!!set ',
      '|',
      '>',
      '%',
      '#',
      ',',
      '? ',
      '<<: ',
      '\0',
      '---\n',
      '__proto__: ',
      '\ud800',
    );
    const change = fc.tuple(fc.nat(EXAMPLE.length), fc.nat(20), inserted);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let text = EXAMPLE;
        for (const [at, cut, insert] of changes) text = text.slice(0, at) + insert + text.slice(at + cut);
        onlyRefuses(text);
      }),
      { numRuns: 1500 },
    );
  });

  it('random text is accepted or refused, and nothing else', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 100 }), onlyRefuses), { numRuns: 1000 });
  });

  it('what is accepted is accepted again, as the same', () => {
    const text = JSON.stringify(parsePolicy(EXAMPLE));
    expect(JSON.stringify(parsePolicy(text))).toBe(text);
  });
});
