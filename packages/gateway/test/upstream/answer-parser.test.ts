import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from './parsed.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** Answers that are whole, and what their bodies are. */
const VALID: readonly [string, string, string][] = [
  ['a length', `${OK}Content-Length: 5\r\n\r\nhello`, 'hello'],
  ['no content', `${OK}content-length: 0\r\n\r\n`, ''],
  ['chunks', `${CHUNKED}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 'hello'],
  [
    'chunks in large and small letters',
    `${CHUNKED}A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n`,
    '01234567890123456789',
  ],
  ['a size with zeros', `${CHUNKED}0005\r\nhello\r\n000\r\n\r\n`, 'hello'],
  ['extensions', `${CHUNKED}5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n`, 'hello'],
  ['trailers', `${CHUNKED}5\r\nhello\r\n0\r\nx-a: 1\r\nx-b:2\r\n\r\n`, 'hello'],
  ['a body until the end', `${OK}\r\nhello`, 'hello'],
  ['an interim answer', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ok'],
  ['early hints', `HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, 'ok'],
  ['no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ['no space for a reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ['bytes beyond ASCII', `HTTP/1.1 200 \xe4\xb8\xad\r\nx: caf\xe9\r\nContent-Length: 2\r\n\r\n\xff\x00`, '\xff\x00'],
  ['spaces around values', `${OK}x: \t a b \t\r\nempty:\r\nContent-Length:2 \r\n\r\nok`, 'ok'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', 'hello'],
];

/** What no connection should go on after, for two readers could read it in two ways. */
const INVALID: readonly [string, string][] = [
  ['no HTTP', 'hello\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a tab behind the version', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['a control in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n'],
  ['an empty line first', `\r\n${OK}Content-Length: 2\r\n\r\nok`],
  ['a folded header', `${OK}x: y\r\n z\r\n\r\n`],
  ['a folded header with a colon', `${OK}x: y\r\n z: 1\r\n\r\n`],
  ['a bare carriage return', `${OK}x: y\rContent-Length: 2\r\n\r\nok`],
  ['a bare line feed', `${OK}x: y\nContent-Length: 2\r\n\r\nok`],
  ['bare line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a space before the colon', `${OK}Content-Length : 2\r\n\r\nok`],
  ['a space in a name', `${OK}x y: 2\r\n\r\nok`],
  ['no name', `${OK}: 2\r\n\r\nok`],
  ['no colon', `${OK}x\r\n\r\nok`],
  ['a null byte', `${OK}x: \0\r\n\r\nok`],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nok`],
  ['a length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
  ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`],
  ['a length with a sign', `${OK}Content-Length: +2\r\n\r\nok`],
  ['a length in hexadecimal', `${OK}Content-Length: 0x2\r\n\r\nok`],
  ['an empty length', `${OK}Content-Length:\r\n\r\nok`],
  ['a length that is not exact', `${OK}Content-Length: 99999999999999999999\r\n\r\nok`],
  ['length and chunks', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunks and length', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`],
  ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\nok`],
  ['two codings', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked on two lines', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a disguised coding', `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['chunks without content', 'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a protocol unasked', 'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n'],
  ['an interim answer with chunks', `HTTP/1.1 100 Go\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${OK}\r\n`],
  ['a size that is none', `${CHUNKED}x\r\n`],
  ['an empty size', `${CHUNKED}\r\n`],
  ['a size with a sign', `${CHUNKED}-1\r\n`],
  ['a size with 0x', `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`],
  ['a size with a space', `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`],
  ['a size that is not exact', `${CHUNKED}fffffffffffffff\r\n`],
  ['a size that ends in a line feed', `${CHUNKED}5\nhello\r\n0\r\n\r\n`],
  ['a control in an extension', `${CHUNKED}5;a\nb\r\nhello\r\n0\r\n\r\n`],
  ['a chunk that is too long', `${CHUNKED}5\r\nhello!\r\n0\r\n\r\n`],
  ['a chunk that ends in a line feed', `${CHUNKED}5\r\nhello\n0\r\n\r\n`],
  ['a trailer that is none', `${CHUNKED}0\r\nx y: 1\r\n\r\n`],
  ['a folded trailer', `${CHUNKED}0\r\nx: y\r\n z\r\n\r\n`],
  ['too large a head', `${OK}x: ${'x'.repeat(70_000)}\r\n\r\n`],
  ['too large a head of an interim answer', `HTTP/1.1 103 Hints\r\nx: ${'x'.repeat(70_000)}\r\n\r\n${OK}\r\n`],
  ['too large an extension', `${CHUNKED}5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ['too large trailers', `${CHUNKED}0\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`],
  ['an end in the status line', 'HTTP/1.1 20'],
  ['an end in a header', `${OK}Content-`],
  ['an end in a body', `${OK}Content-Length: 5\r\n\r\nhell`],
  ['an end in a chunk', `${CHUNKED}5\r\nhell`],
  ['an end between chunks', `${CHUNKED}5\r\nhello\r\n`],
  ['an end before the trailers', `${CHUNKED}0\r\n`],
  ['an end in the trailers', `${CHUNKED}0\r\nx: y\r\n`],
];

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('an answer', () => {
  it.each(VALID)('with %s is read', (_, text, body) => {
    expect(parse([bytes(text)])).toMatchObject({ error: undefined, body, rest: 0 });
    expect(parse([bytes(text)]).trailers).toBeDefined();
  });

  it.each(INVALID)('with %s is refused', (_, text) => {
    expect(parse([bytes(text)]).error).toEqual(expect.any(String));
    expect(parse([bytes(text)]).trailers).toBeUndefined();
  });

  it.each([
    ['HEAD', `${OK}Content-Length: 5\r\n\r\n`],
    ['HEAD', CHUNKED],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
  ])('to %s is over after %j, whatever comes then', (method, text) => {
    expect(parse([bytes(`${text}${OK}`)], method)).toMatchObject({ error: undefined, body: '', rest: OK.length });
  });

  it('tells what stands behind its body', () => {
    expect(parse([bytes(`${CHUNKED}0\r\nX-A: 1\r\nx-b:2\r\n\r\n`)]).trailers).toEqual(['X-A', '1', 'x-b', '2']);
  });

  it('tells interim answers, but for 100', () => {
    const text = `HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n${OK}Content-Length: 0\r\n\r\n`;
    expect(parse([bytes(text)]).interim).toEqual([
      [103, 'Hints', ['link', '<a>']],
      [102, 'Wait', []],
    ]);
  });

  it('may be a switch to a protocol that was asked for, and what follows is not HTTP', () => {
    const text = 'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n\x81\x05hello';
    expect(parse([bytes(text)], 'GET', true)).toMatchObject({ switched: true, error: undefined, rest: 7 });
  });
});

it.each([...VALID.map(([what, text]) => [what, text] as const), ...INVALID])(
  'an answer with %s is read alike however its bytes are split',
  (_, text) => {
    const whole = bytes(text);
    const expected = parse([whole]);
    // Every place where it can be split in two, as far as that is not the same over and over.
    for (let at = 1; at < Math.min(whole.length, 400); at++)
      expect({ at, ...parse([whole.subarray(0, at), whole.subarray(at)]) }).toEqual({
        at,
        ...partly(expected, at, whole),
      });
    const single = Array.from(whole, (byte) => Buffer.from([byte]));
    expect(parse(single).error === undefined).toBe(expected.error === undefined);
    if (expected.error === undefined) expect(parse(single)).toEqual(expected);
  },
);

/** Where an answer fails, the parts of its body that came before may be told or not. */
function partly(expected: ReturnType<typeof parse>, at: number, whole: Buffer): ReturnType<typeof parse> {
  if (expected.error === undefined) return expected;
  const { body, interim, head } = parse([whole.subarray(0, at), whole.subarray(at)]);
  return { ...expected, body, interim, head, rest: expected.rest };
}

it('valid answers are read alike however their bytes are split', () => {
  const value = fc.stringMatching(/^[!-~\x80-\xff]{0,12}$/);
  const name = fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,8}$/);
  const lines = fc.array(fc.tuple(name, value), { maxLength: 5 });
  const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  const framing = fc.constantFrom('length', 'chunked', 'close');
  const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });
  fc.assert(
    fc.property(lines, body, framing, lines, cuts, (headers, parts, kind, trailers, places) => {
      const texts = parts.map((part) => Buffer.from(part).toString('latin1'));
      const whole = bytes(compose(kind, headers, texts, trailers));
      const points = [0, ...places.filter((at) => at < whole.length).toSorted((a, b) => a - b), whole.length];
      const pieces = points.slice(1).map((to, index) => whole.subarray(points[index], to));
      const parsed = parse(pieces.filter(({ length }) => length > 0));
      expect(parsed).toEqual(parse([whole]));
      expect(parsed).toMatchObject({ error: undefined, rest: 0, body: texts.join('') });
      expect(parsed.trailers).toEqual(kind === 'chunked' ? trailers.flat() : []);
    }),
    { numRuns: 500 },
  );
});

type Lines = readonly (readonly [string, string])[];

function compose(framing: string, headers: Lines, parts: readonly string[], trailers: Lines): string {
  const told = { length: `Content-Length: ${parts.join('').length}\r\n`, chunked: 'Transfer-Encoding: chunked\r\n' };
  const write = (lines: Lines): string => lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `${OK}${write(headers)}${told[framing as 'length'] ?? ''}\r\n`;
  if (framing !== 'chunked') return head + parts.join('');
  const chunks = parts.map((part) => `${part.length.toString(16)};ext\r\n${part}\r\n`).join('');
  return `${head}${chunks}0\r\n${write(trailers)}\r\n`;
}

it('answers that Node’s client takes are read as it reads them', async () => {
  let text = '';
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(text, 'latin1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const [, valid, body] of VALID) {
    text = valid;
    const [answer] = (await once(request({ port, agent: false }).end(), 'response')) as [IncomingMessage];
    const theirs = (await answer.setEncoding('latin1').toArray()).join('');
    const ours = parse([bytes(valid)]);
    expect({ body: theirs, lines: answer.rawHeaders, trailers: answer.rawTrailers }).toEqual({
      body,
      lines: ours.head?.[2],
      trailers: ours.trailers,
    });
    expect([answer.statusCode, answer.statusMessage, theirs]).toEqual([ours.head?.[0], ours.head?.[1], ours.body]);
  }
  server.close();
});
