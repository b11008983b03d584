import type { Random } from './random.ts';

/** What mutations are made of. */
export interface Material {
  readonly random: Random;
  readonly words: readonly string[];
  /** Other inputs, for parts to be taken from. */
  readonly others: readonly string[];
}

/** The most characters of a mutated input: growing is what the check of costs is for. */
const MAX_LENGTH = 4096;

/** Characters that parsers tend to trip over. */
const STRANGE = [
  ...'\0\t\n\r "\'#%&*+,-./09:;<=>?@AZ[\\]^_`az{|}~\x7f\x85\xa0\xc3\xff',
  '\u2028',
  '\ud83d',
  '\ufeff',
  '灰',
];

type Mutator = (input: string, material: Material) => string;

const MUTATORS: readonly Mutator[] = [
  flipBit,
  (input, { random }) => replaced(input, random, random.oneOf(STRANGE)),
  (input, { random }) => inserted(input, random, random.oneOf(STRANGE)),
  (input, { random, words }) => replaced(input, random, random.oneOf(words)),
  (input, { random, words }) => inserted(input, random, random.oneOf(words)),
  (input, { random, words }) => inserted(input, random, random.oneOf(words)),
  (input, { random }) => replaced(input, random, ''),
  (input, { random }) => inserted(input, random, input.slice(...random.span(input))),
  (input, { random, others }) => inserted(input, random, partOf(random.oneOf(others), random)),
  (input, { random, others }) => replaced(input, random, partOf(random.oneOf(others), random)),
  (input, { random, others }) => spliced(input, random.oneOf(others), random),
  repeated,
  changeNumber,
];

/** An input made from another by one to eight changes. */
export function mutate(input: string, material: Material): string {
  let mutated = input;
  for (let rest = 1 + material.random.below(2 ** material.random.below(4)); rest > 0; rest--)
    mutated = material.random.oneOf(MUTATORS)(mutated, material).slice(0, MAX_LENGTH);
  return mutated;
}

function flipBit(input: string, { random }: Material): string {
  const at = random.below(input.length);
  const flipped = input.charCodeAt(at) ^ (1 << random.below(8));
  return input === '' ? input : input.slice(0, at) + String.fromCharCode(flipped) + input.slice(at + 1);
}

function replaced(input: string, random: Random, part: string): string {
  const [from, to] = random.span(input);
  return input.slice(0, from) + part + input.slice(to);
}

function inserted(input: string, random: Random, part: string): string {
  const at = random.below(input.length + 1);
  return input.slice(0, at) + part + input.slice(at);
}

function partOf(input: string, random: Random): string {
  return input.slice(...random.span(input));
}

function spliced(input: string, other: string, random: Random): string {
  return input.slice(0, random.below(input.length + 1)) + other.slice(random.below(other.length + 1));
}

/** A part once more and once more, to run loops often and to fill what has an end. */
function repeated(input: string, { random }: Material): string {
  const [from, to] = random.span(input);
  return input.slice(0, to) + input.slice(from, to).repeat(2 ** random.below(7)) + input.slice(to);
}

const NUMBERS = ['0', '1', '-1', '255', '256', '65536', '99999', '2147483648', '9007199254740993', '1e400', '0.0005'];

function changeNumber(input: string, { random }: Material): string {
  const numbers = [...input.matchAll(/\d+/g)];
  if (numbers.length === 0) return input;
  const { index, 0: digits } = random.oneOf(numbers);
  return input.slice(0, index) + random.oneOf(NUMBERS) + input.slice(index + digits.length);
}
