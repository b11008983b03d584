/** What one side of a connection does: sends bytes, or something else. */
export type Step = { readonly send: Buffer } | { readonly act: Act };

/**
 * `wait`: until something comes from the other side. `pause`: so that what follows comes in a packet of its own. `end`:
 * sends no more. `reset`: breaks the connection off.
 */
export type Act = 'wait' | 'pause' | 'end' | 'reset';

const ACTS: ReadonlySet<string> = new Set<Act>(['wait', 'pause', 'end', 'reset']);

/** A request, what the upstream answers, and what must come of it. */
export interface WireCase {
  readonly theme: string;
  readonly name: string;
  /** What the client does. */
  readonly client: readonly Step[];
  /** What the upstream answers, request by request; then it answers 200 with the body `ok`. */
  readonly answers: readonly ScriptedAnswer[];
  readonly expected: Expected;
}

export interface ScriptedAnswer {
  /** Whether it answers as soon as it has the head, and not when it has the whole request. */
  readonly early: boolean;
  readonly steps: readonly Step[];
}

/** What must come of a request. */
export type Expected =
  /** The gateway answers with one of these statuses and closes; the upstream sees nothing. */
  | { readonly kind: 'refused'; readonly statuses: readonly number[] }
  /** The gateway answers so by itself, and the connection goes on; the upstream sees nothing. */
  | { readonly kind: 'declined'; readonly statuses: readonly number[] }
  /** The gateway answers so and closes; the upstream may have seen the beginning, but never the end. */
  | { readonly kind: 'broken'; readonly statuses: readonly number[] }
  /** The gateway closes without an answer; the upstream sees nothing. */
  | { readonly kind: 'dropped' }
  /** The client has gone. The upstream may have seen what was whole. */
  | { readonly kind: 'gone' }
  | Forwarding;

/** The upstream gets exactly this, and the client that. */
export interface Forwarding {
  readonly kind: 'forwarded';
  readonly lane: string;
  /** Whether each must be answered before the next one comes. */
  readonly oneByOne: boolean;
  readonly requests: string;
  readonly answers: ExpectedAnswers;
}

/** What the client gets: only statuses where the text does not matter, and then whether its connection is closed. */
export type ExpectedAnswers =
  | { readonly statuses: readonly number[]; readonly closed: boolean }
  | { readonly text: string };

/**
 * Reads a file of cases. Each begins with `== ` and its name, lines of comment with `# `, and an empty line behind it.
 * Then comes what the client sends, and after `-- ` what must come of it:
 *
 *     -- refused 400|501      -- declined 404     -- broken 400     -- dropped     -- gone
 *     -- forwarded [to LANE | one by one]    with the bytes that the upstream gets
 *     -- answered            with the bytes that the client gets, {closed} when its connection is closed
 *     -- answered 200 400 [closed]    where only the statuses matter; left out when all are 200
 *     -- upstream [early]    before all these, once for each answer that is not simply 200
 *
 * A line is a line with CRLF; one that ends in `\` has none. In it, `\r \n \t \0 \xff` are bytes, `\s` is a space that can be
 * seen, `{a*100}` a hundred of them, and {@link Act} stands in braces. `x-forwarded-*: 127.0.0.1 shop http` are the three lines
 * that the gateway adds, `GATEWAY` is what it calls itself, `INSTANCE` the instance's address, and chunks are joined.
 *
 * @throws Error that names the case which is written wrongly
 */
export function parseCases(theme: string, text: string): readonly WireCase[] {
  const [, ...blocks] = `\n${text}`.split(/\n== /);
  return blocks.map((block) => {
    const [name = '', ...lines] = block.split('\n');
    try {
      return parseCase(theme, name, lines);
    } catch (error) {
      throw new Error(`${theme}: ${name}: ${(error as Error).message}`);
    }
  });
}

function parseCase(theme: string, name: string, lines: readonly string[]): WireCase {
  const sections = splitSections(lines.filter((line) => !line.startsWith('# ')));
  const [client, ...others] = sections;
  const answers: ScriptedAnswer[] = [];
  let expected: Expected | undefined;
  for (const { title, lines: body } of others) {
    const [word = '', ...words] = title.split(' ');
    if (word === 'upstream') answers.push({ early: words[0] === 'early', steps: decode(body) });
    else if (word === 'answered' && expected?.kind === 'forwarded') expected = withAnswers(expected, words, body);
    else if (!expected) expected = parseExpected(word, words, body);
    else throw new Error(`"-- ${title}" has no place here`);
  }
  if (!client || !expected) throw new Error('says nothing of what must come of it');
  return { theme, name, client: decode(client.lines), answers, expected };
}

function parseExpected(word: string, words: readonly string[], body: readonly string[]): Expected {
  switch (word) {
    case 'refused':
    case 'declined':
    case 'broken':
      return { kind: word, statuses: numbers(words[0]) };
    case 'dropped':
    case 'gone':
      return { kind: word };
    case 'forwarded': {
      const requests = body.flatMap(expand).join('\n');
      const count = body.filter((line) => / HTTP\/1\.1$/.test(line)).length;
      const statuses = Array.from({ length: count }, () => 200);
      const [to = '', lane = 'stable'] = words;
      const oneByOne = to === 'one';
      const answers = { statuses, closed: false };
      return { kind: word, lane: oneByOne ? 'stable' : lane, oneByOne, requests, answers };
    }
    default:
      throw new Error(`knows no "-- ${word}"`);
  }
}

function withAnswers(expected: Forwarding, words: readonly string[], body: readonly string[]): Forwarding {
  if (words.length === 0) return { ...expected, answers: { text: body.join('\n') } };
  const statuses = words.filter((word) => word !== 'closed').map(Number);
  return { ...expected, answers: { statuses, closed: words.includes('closed') } };
}

/** `400|505`. */
function numbers(text = ''): readonly number[] {
  const found = text.split('|').map(Number);
  if (!found.every((status) => status >= 200 && status < 600)) throw new Error(`"${text}" is no status`);
  return found;
}

/** The lines that the gateway adds, written in one: `x-forwarded-*: 127.0.0.1 shop http`. */
function expand(line: string): readonly string[] {
  const [, ip, host, proto] = /^x-forwarded-\*: (\S+) (?:(\S+) )?(\S+)$/.exec(line) ?? [];
  if (ip === undefined) return [line];
  const named = host === undefined ? [] : [`x-forwarded-host: ${host}`];
  return [`x-forwarded-for: ${ip}`, ...named, `x-forwarded-proto: ${proto}`];
}

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The last line of a case is empty: it keeps it apart from the next. */
function splitSections(lines: readonly string[]): readonly Section[] {
  const sections: { title: string; lines: string[] }[] = [{ title: '', lines: [] }];
  for (const line of lines.at(-1) === '' ? lines.slice(0, -1) : lines) {
    if (line.startsWith('-- ')) sections.push({ title: line.slice(3), lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', s: ' ', '0': '\0' };

/** Matches an escape, a repetition, an act. */
const SPECIAL = /\\(?:x([0-9a-f]{2})|(.))|\{([^{}]+)\*(\d+)\}|\{(\w+)\}/g;

/** Reads lines of bytes. */
function decode(lines: readonly string[]): readonly Step[] {
  const steps: Step[] = [];
  let bytes = '';
  const flush = (): void => {
    if (bytes !== '') steps.push({ send: Buffer.from(bytes, 'latin1') });
    bytes = '';
  };
  for (const line of lines) {
    const open = line.endsWith('\\') && !line.endsWith('\\\\');
    const text = open ? line.slice(0, -1) : line;
    let from = 0;
    for (const found of text.matchAll(SPECIAL)) {
      bytes += text.slice(from, found.index);
      from = found.index + found[0].length;
      const [, hex, escaped, repeated, times, act] = found;
      if (hex !== undefined) bytes += String.fromCharCode(Number.parseInt(hex, 16));
      else if (escaped !== undefined) bytes += ESCAPES[escaped] ?? escaped;
      else if (repeated !== undefined) bytes += decodeText(repeated).repeat(Number(times));
      else if (ACTS.has(act as string)) {
        flush();
        steps.push({ act: act as Act });
      } else throw new Error(`knows no {${act}}`);
    }
    bytes += text.slice(from);
    if (!open) bytes += '\r\n';
  }
  flush();
  return steps;
}

function decodeText(text: string): string {
  const [step] = decode([`${text}\\`]);
  return step && 'send' in step ? step.send.toString('latin1') : '';
}

/** Writes bytes as cases do: a line for each CRLF, `\` at the end of a line that has none. */
export function encode(bytes: string): string {
  const lines = bytes.split('\r\n').map((line) =>
    line
      .replace(/[\\{}]/g, '\\$&')
      .replace(/[\0-\x1f\x7f-\xff]/g, escapeByte)
      .replace(/(.)\1{99,}/g, (run, first: string) => `{${first}*${run.length}}`)
      .replace(/ $/, '\\s'),
  );
  const last = lines.pop() as string;
  return last === '' ? lines.join('\n') : [...lines, `${last}\\`].join('\n');
}

function escapeByte(byte: string): string {
  const letter = Object.entries(ESCAPES).find(([, character]) => character === byte)?.[0];
  return letter === undefined ? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\${letter}`;
}
