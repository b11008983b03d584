/** A message of HTTP/1.1 that was read from bytes. */
export interface Message {
  /** The request line or the status line. */
  readonly start: string;
  /** Header lines as they came, without their ends. */
  readonly fields: readonly string[];
  /** Without chunks. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Where it ends in the bytes. */
  readonly end: number;
}

/** What a reader makes of bytes: a message, nothing yet, or what is wrong. */
export type Reading = Message | 'incomplete' | { readonly wrong: string };

const TOKEN = "[!#$%&'*+.^`|~\\w-]+";
const REQUEST_LINE = new RegExp(`^${TOKEN} [\\x21-\\x7e\\x80-\\xff]+ HTTP/1\\.[01]$`);
const FIELD = new RegExp(
  `^${TOKEN}:[\\t ]*(?:[\\x21-\\x7e\\x80-\\xff](?:[\\t -\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?[\\t ]*$`,
);

/**
 * Reads a request and takes nothing that RFC 9112 does not let a client generate: the reader that complains.
 *
 * @param from where it begins in the bytes
 */
export function readStrictly(bytes: string, from: number): Reading {
  const head = readHead(bytes, from);
  if (typeof head === 'string') return head;
  const { start, fields, end } = head;
  if (!REQUEST_LINE.test(start)) return { wrong: `the request line ${JSON.stringify(start)}` };
  const bad = fields.find((field) => !FIELD.test(field));
  if (bad !== undefined) return { wrong: `the header line ${JSON.stringify(bad)}` };
  if (valuesOf(fields, 'host').length !== 1 && start.endsWith('1'))
    return { wrong: `${valuesOf(fields, 'host').length} Hosts` };
  const [length, ...lengths] = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 0 || (length !== undefined && !/^\d{1,15}$/.test(length))) return { wrong: 'Content-Length' };
  if (codings.length > 0 && (length !== undefined || codings.join() !== 'chunked'))
    return { wrong: 'Transfer-Encoding' };
  if (codings.length > 0) return withChunks(head, bytes);
  const until = end + Number(length ?? 0);
  return bytes.length < until ? 'incomplete' : { ...head, body: bytes.slice(end, until), end: until };
}

/**
 * Counts the requests in bytes as the most forgiving of servers would: any line end, folded lines, spaces around names,
 * underscores, numbers with whatever stands behind them, chunks wherever the word is found. What begins a request and does
 * not come to its end counts too.
 */
export function countLeniently(bytes: string): number {
  return readLeniently(bytes).length;
}

/** The methods of the requests that {@link countLeniently} counts. */
export function readLeniently(bytes: string): readonly string[] {
  const methods: string[] = [];
  let at = 0;
  const line = (): string | undefined => {
    if (at >= bytes.length) return undefined;
    const end = /\r\n|\n|\r|$/g;
    end.lastIndex = at;
    const found = end.exec(bytes) as RegExpExecArray;
    const text = bytes.slice(at, found.index);
    at = found.index + Math.max(1, found[0].length);
    return text;
  };
  while (at < bytes.length) {
    const start = line();
    if (start === '') continue;
    methods.push(/^\s*(\S*)/.exec(start ?? '')?.[1] ?? '');
    const fields = new Map<string, string>();
    let last = '';
    for (let text = line(); text !== undefined && text !== ''; text = line()) {
      const [, name = '', value = ''] = /^([^:\s]*)[^:]*:?(.*)$/s.exec(text.trim()) ?? [];
      if (!/^\s/.test(text)) last = name.toLowerCase().replaceAll('_', '-');
      fields.set(last, `${fields.get(last) ?? ''} ${/^\s/.test(text) ? text : value}`.trim());
    }
    if (/chunked/i.test(fields.get('transfer-encoding') ?? '')) {
      for (let size = 1; size > 0 && at < bytes.length; ) {
        size = Number.parseInt(line() ?? '', 16) || 0;
        at += size;
        if (size > 0) line();
      }
      while ((line() ?? '') !== '');
    } else at += Math.max(0, Number.parseInt(fields.get('content-length')?.replace(/^\D+/, '') ?? '', 10) || 0);
  }
  return methods;
}

/** Whether an answer to a request with this method, and with this status, has a body. */
function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
}

/** The status of an answer. */
export function statusOf({ start }: Message): number {
  return Number(start.slice(9, 12));
}

/**
 * Reads the answers to requests with these methods, interim answers among them.
 *
 * @param closed whether nothing more will come, which ends a body without length
 * @returns what was read, and the bytes that are left over
 */
export function readAnswers(
  bytes: string,
  methods: readonly string[],
  closed: boolean,
): { answers: readonly Message[]; rest: string } {
  const answers: Message[] = [];
  let at = 0;
  for (let request = 0; at < bytes.length; ) {
    const answer = readAnswer(bytes, at, methods[request] ?? 'GET', closed);
    if (answer === undefined) break;
    answers.push(answer);
    at = answer.end;
    if (statusOf(answer) >= 200) request++;
  }
  return { answers, rest: bytes.slice(at) };
}

function readAnswer(bytes: string, from: number, method: string, closed: boolean): Message | undefined {
  const head = readHead(bytes, from);
  if (typeof head === 'string') return undefined;
  if (!hasBody(method, statusOf(head))) return head;
  if (valuesOf(head.fields, 'transfer-encoding').length > 0) {
    const whole = withChunks(head, bytes);
    return typeof whole === 'string' || 'wrong' in whole ? undefined : whole;
  }
  const [length] = valuesOf(head.fields, 'content-length');
  if (length === undefined && !closed) return undefined;
  const end = length === undefined ? bytes.length : head.end + Number(length);
  return bytes.length < end ? undefined : { ...head, body: bytes.slice(head.end, end), end };
}

/** All values of a field, `name` in lower case. */
export function valuesOf(fields: readonly string[], name: string): readonly string[] {
  const found = fields.filter((field) => field.slice(0, field.indexOf(':')).toLowerCase() === name);
  return found.map((field) => field.slice(name.length + 1).trim());
}

function readHead(bytes: string, from: number): Message | 'incomplete' {
  const end = bytes.indexOf('\r\n\r\n', from);
  if (end === -1) return 'incomplete';
  const [start = '', ...fields] = bytes.slice(from, end).split('\r\n');
  return { start, fields, body: '', trailers: [], end: end + 4 };
}

function withChunks(head: Message, bytes: string): Reading {
  let body = '';
  for (let at = head.end; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return 'incomplete';
    const line = bytes.slice(at, end);
    if (!/^[0-9A-Fa-f]{1,8}$/.test(line)) return { wrong: `the chunk ${JSON.stringify(line)}` };
    const size = Number.parseInt(line, 16);
    if (size === 0) return withTrailers({ ...head, body }, bytes, end);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return 'incomplete';
    if (bytes.slice(next - 2, next) !== '\r\n') return { wrong: 'the end of a chunk' };
    body += bytes.slice(end + 2, next - 2);
    at = next;
  }
}

function withTrailers(head: Message, bytes: string, from: number): Reading {
  const end = bytes.indexOf('\r\n\r\n', from);
  if (end === -1) return 'incomplete';
  const trailers = end === from ? [] : bytes.slice(from + 2, end).split('\r\n');
  return { ...head, trailers, end: end + 4 };
}
