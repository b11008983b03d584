import { encode } from './notation.ts';
import { type Message, readStrictly, statusOf, valuesOf } from './readers.ts';
import type { Outcome } from './run.ts';
import type { Tape } from './upstream.ts';

/** An outcome as cases write it, to be compared with one. */
export interface Shown {
  readonly answers: string;
  readonly requests: string;
  readonly lanes: readonly string[];
}

/** Shows an outcome in the notation of the cases. */
export function show({ answers, rest, closed, tapes }: Outcome): Shown {
  const came =
    answers.map(showAnswer).join('\n') + (rest === '' ? '' : `\n${encode(rest.replace(/^(date): .*$/im, '$1: *'))}`);
  return {
    answers: closed ? `${came}${came === '' ? '' : '\n'}{closed}` : came,
    requests: inAnyOrder(tapes.map(showTape).join('\n')),
    lanes: [...new Set(tapes.map(({ lane }) => lane))],
  };
}

/**
 * Requests in an order of their own: those that come at the same time over several connections have none.
 *
 * @param text requests in the notation of the cases
 */
export function inAnyOrder(text: string): string {
  return text
    .split(/\n(?=[A-Z-]+ \S+ HTTP\/1\.1\n)/)
    .sort()
    .join('\n');
}

/** The statuses of the final answers. */
export function finalStatuses({ answers }: Outcome): readonly number[] {
  return answers.map(statusOf).filter((status) => status >= 200);
}

/** What the upstream got. Where a body is cut into chunks is the affair of whoever sends it: they are joined. */
function showTape({ requests, rest, wrong }: Tape): string {
  const shown = requests.map((bytes) => {
    const request = readStrictly(bytes, 0);
    return typeof request === 'object' && 'start' in request ? showRequest(request) : encode(bytes);
  });
  if (wrong !== undefined) shown.push(`{wrong: ${wrong}}`, encode(rest));
  else if (rest !== '') shown.push(`${showPart(rest)}\n{incomplete}`);
  return shown.join('\n');
}

function showRequest({ start, fields, body, trailers }: Message): string {
  return encode(join(start, masked(fields), body, trailers));
}

function showPart(rest: string): string {
  const end = rest.indexOf('\r\n\r\n');
  if (end === -1) return encode(rest);
  const [start = '', ...fields] = rest.slice(0, end).split('\r\n');
  return encode(`${[start, ...masked(fields)].join('\r\n')}\r\n\r\n${rest.slice(end + 4)}`);
}

/** Without what is another each time: the instance's port, and what the gateway calls itself. */
function masked(fields: readonly string[]): readonly string[] {
  return fields.map((field) =>
    field.replace(/^Host: 127\.0\.0\.1:\d+$/, 'Host: INSTANCE').replace(/^(via: 1\.[01]) graylane-\w+$/, '$1 GATEWAY'),
  );
}

function showAnswer({ start, fields, body, trailers }: Message): string {
  const lines = fields.map((field) => field.replace(/^(date): .*$/i, '$1: *'));
  return encode(join(start, lines, body, trailers));
}

function join(start: string, fields: readonly string[], body: string, trailers: readonly string[]): string {
  const head = `${[start, ...fields].join('\r\n')}\r\n\r\n`;
  if (valuesOf(fields, 'transfer-encoding').length === 0) return head + body;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${head}${chunk}0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`;
}
