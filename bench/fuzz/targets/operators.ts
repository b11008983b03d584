import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { type CompiledPolicy, decide, parseIP, type RequestFacts, requestFacts } from '@graylane/core';
import { accepted, compareWithNaive } from '../lines.ts';
import { vectorRequests, vectorTests } from '../seeds.ts';
import { type Target, wordsOf } from '../target.ts';

const VALUES = vectorRequests().flatMap(({ headers }) =>
  Object.values(headers ?? {}).filter((value): value is string => typeof value === 'string'),
);

/** Operators, each with an operand from a policy and a value from a request. */
export const operators: Target = {
  name: 'operators',
  summary: 'an operator, its operand and a value, a line each: versions, networks, numbers, times, expressions',
  seeds: [
    ...vectorTests().map(({ operator, operand }, index) =>
      [operator, JSON.stringify(operand), VALUES[index % VALUES.length]].join('\n'),
    ),
    'semver\n>=1.2 <3 || ^4.1.0-rc.1\nv1.2.3-rc.10+b',
    'cidr\n["10.0.0.0/8","2001:db8::/32","::ffff:0:0/96"]\n::ffff:10.1.2.3',
    'after\n"2026-12-24T18:00:00+08:00"\n2026-12-24T10:00:00.000Z',
    'before\n"2026-12-24"\n2026-12-23T24:00:00Z',
    'mod\n{"by":100,"in":[0,7]}\n123456789012345678901234567907',
    'matches\n"^(a|ab)*c?$"\naaaab',
  ],
  words: [
    ...wordsOf(`
      equals in prefix suffix contains matches gt gte lt lte range cidr semver mod before after exists [ ]
      {"by":7,"in":[0]} " , "1.2.3" >= < ^ ~ || v1 -rc.1 +build .0 -0 10.0.0.0/8 :: ::ffff: :0 /0 /32 /128 255
      1.2.3.4 fe80::1%a 2026-12-24 T24:00:00Z T23:59:59.999999999Z +24:00 -00:00 +14:00 02-29 T00:00Z 1e3 .5 +
      (a+)+ (a|b)*? [^a] (?i) {1000} {0,9} .* $ ^ (?: ) 00 999999999
    `),
    '\n',
    ' - ',
    '\\pL',
    '\\b',
    '\\d',
  ],
  limit: 65_536,
  exercise: (input) => {
    const { compiled, request } = read(input);
    parseIP(request.ip);
    return compiled && decide(compiled, request);
  },
  verify: (input) => {
    const { compiled, request } = read(input);
    const isAddress = isIP(request.ip) !== 0 && !request.ip.includes('%');
    assert.equal(parseIP(request.ip) !== undefined, isAddress, 'whether it is an address');
    // Naive expressions are those of ECMAScript, which mean other things.
    if (compiled && !input.startsWith('matches')) compareWithNaive(compiled, request);
  },
};

function read(input: string): { readonly compiled: CompiledPolicy | undefined; readonly request: RequestFacts } {
  const [operator = '', operand = '', ...value] = input.split('\n');
  const when = { fact: 'ip', [operator]: operandOf(operand) };
  const rules = [{ name: 'r', when, lane: 'gray' }];
  const ip = value.join('\n').replace(/[^\0-\xff]/g, '?');
  return { compiled: accepted({ version: 1, lanes: { gray: {} }, rules }), request: requestFacts({ ip }) };
}

/** JSON where it is some, else text. */
function operandOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
