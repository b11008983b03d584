import { RE2JS } from 're2js';

/** Characters to choose from for a class. */
const CHARACTERS = [
  ...'a0-_/.x1zAZ9 :;,=@+%#!?"(){}[]|~^$&*<>bcdefghijklmnopqrstuvwyBCDEFGHIJKLMNOPQRSTUVWXY2345678éÄ中яΩあ한',
];

/** How many texts are kept at each step. */
const MAX_SAMPLES = 6;

/**
 * Texts that an RE2 expression is likely to match: each alternative once, what repeats as few times as allowed and once
 * more. Only a guess, for whoever verifies it; nothing for what it does not understand.
 */
export function regexSamples(source: string): readonly string[] {
  const reader = new Reader(source);
  try {
    const samples = alternatives(reader);
    return reader.done ? samples : [];
  } catch {
    return [];
  }
}

/** Reads an expression from left to right. */
class Reader {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  get done(): boolean {
    return this.at >= this.source.length;
  }

  get next(): string {
    return this.source[this.at] ?? '';
  }

  /** What a pattern matches right here, which is then read. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = new RegExp(pattern.source, 'yu');
    match.lastIndex = this.at;
    const found = match.exec(this.source) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }
}

function alternatives(reader: Reader): readonly string[] {
  const all = [...sequence(reader)];
  while (reader.take(/\|/)) all.push(...sequence(reader));
  return [...new Set(all)].slice(0, MAX_SAMPLES);
}

function sequence(reader: Reader): readonly string[] {
  let samples: readonly string[] = [''];
  while (!reader.done && reader.next !== '|' && reader.next !== ')') samples = joined(samples, repeated(reader));
  return samples;
}

/** Each of the longer list once, beside the other's in turn. */
function joined(heads: readonly string[], tails: readonly string[]): readonly string[] {
  const length = Math.max(heads.length, tails.length);
  return Array.from({ length }, (_, index) => `${heads[index % heads.length]}${tails[index % tails.length]}`);
}

function repeated(reader: Reader): readonly string[] {
  const samples = atom(reader);
  const [, sign, least] = reader.take(/(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/) ?? [];
  if (sign === undefined && least === undefined) return samples;
  const min = sign === '+' ? 1 : Number(least ?? 0);
  if (min > 200) throw new Error('too long');
  return [min, min + 1].flatMap((count) => samples.map((sample) => sample.repeat(count))).slice(0, MAX_SAMPLES);
}

function atom(reader: Reader): readonly string[] {
  if (reader.take(/\(\?[a-zA-Z-]*\)/)) return ['']; // flags
  if (reader.take(/\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?/)) {
    const inner = alternatives(reader);
    if (!reader.take(/\)/)) throw new Error('not closed');
    return inner;
  }
  if (reader.take(/[\^$]|\\[AzbB]/)) return [''];
  const quoted = reader.take(/\\Q([\s\S]*?)(?:\\E|$)/);
  if (quoted) return [quoted[1] as string];
  const code = reader.take(/\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/);
  if (code) return [String.fromCodePoint(Number.parseInt((code[1] ?? code[2]) as string, 16))];
  const set = reader.take(/\.|\\[dDwWsSpP](?:\{\^?\w+\}|(?<=\\[pP])\w)?|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]/);
  if (set) return charactersOf(set[0]);
  const control = reader.take(/\\([ntrfva])/);
  if (control) return [{ n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' }[control[1] as 'n']];
  const literal = reader.take(/\\([^A-Za-z0-9])|([^\\])/);
  if (!literal) throw new Error('not understood');
  return [(literal[1] ?? literal[2]) as string];
}

/** Some characters of a class, asked of RE2 itself. */
function charactersOf(set: string): readonly string[] {
  const expression = RE2JS.compile(`^(?:${set})$`);
  const found = CHARACTERS.filter((character) => expression.test(character));
  if (found.length === 0) throw new Error('none known');
  return found.slice(0, 3);
}
