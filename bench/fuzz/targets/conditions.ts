import { type CompiledPolicy, decide, explain, type RequestFacts } from '@graylane/core';
import { Choices, policyOf } from '../grammar.ts';
import { accepted, compareWithNaive, linesOf, requestOf } from '../lines.ts';
import { vectorRequests } from '../seeds.ts';
import { type Target, wordsOf } from '../target.ts';

const WORDS = [
  'a',
  'A',
  'ab',
  'u1',
  '1',
  '7',
  '010',
  '10.0.0.1',
  '::1',
  '1.2.3',
  '2026-12-24',
  '/',
  'é',
  '灰',
  '',
  'GET',
];

/** Whole policies on whole requests. */
export const conditions: Target = {
  name: 'conditions',
  summary: 'a line that chooses a policy from the grammar, and the lines of a request',
  seeds: vectorRequests().map((request, index) => [choiceLine(index), ...linesOf(request)].join('\n')),
  words: [
    ...wordsOf(`
      = ; & a= &a=1 %41 + {"sub":"u1"} {"a":{"b":7}} [::1]:80 U1 10.0.0.1 ::ffff:10.0.0.1 1.2.3-rc.1 v1.2
      2026-12-24T18:00:00Z 007 -1 12.50 aab abc abcdefgh
    `),
    '\n',
    '\n\n',
    ' ',
    '; a=u1',
    '\xe9',
    '\x00\x01',
    '\x04\x05',
    '\x06',
    '\x07',
    '\x10\x08\x0c',
    'Android 14',
    'iPhone OS 17_5 Version/1 Safari/',
  ],
  limit: 65_536,
  exercise: (input) => {
    const { compiled, request } = read(input);
    return compiled && [decide(compiled, request), JSON.stringify(explain(compiled, request))];
  },
  verify: (input) => {
    const { compiled, request } = read(input);
    if (compiled) compareWithNaive(compiled, request);
  },
};

function read(input: string): { readonly compiled: CompiledPolicy | undefined; readonly request: RequestFacts } {
  const [choices = '', ...lines] = input.split('\n');
  const words = [...WORDS, ...lines.filter((line) => line !== '').map((line) => line.slice(0, 20))];
  return { compiled: accepted(policyOf(new Choices(choices), words)), request: requestOf(lines) };
}

/** A hundred characters that differ from seed to seed, none of which ends the line. */
function choiceLine(index: number): string {
  return String.fromCharCode(
    ...Array.from({ length: 100 }, (_, at) => 32 + ((((index + 1) * (at + 7) * 2_654_435_761) >>> 16) % 95)),
  );
}
