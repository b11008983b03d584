import { AnswerParser } from '../../src/upstream/answer-parser.ts';

/** What was read from some bytes, as one value to compare. */
export interface Parsed {
  interim: (readonly [number, string, readonly string[]])[];
  head: readonly [number, string, readonly string[]] | undefined;
  body: string;
  trailers: readonly string[] | undefined;
  switched: boolean;
  error: string | undefined;
  /** Bytes behind the answer. */
  rest: number;
}

/** Reads the answer to a request from these parts of a connection, which then ends. */
export function parse(parts: readonly Buffer[], method = 'GET', upgrade = false): Parsed {
  const parsed: Parsed = {
    interim: [],
    head: undefined,
    body: '',
    trailers: undefined,
    switched: false,
    error: undefined,
    rest: 0,
  };
  const parser = new AnswerParser({
    onInformation: ({ status, reason, lines }) => parsed.interim.push([status, reason, lines]),
    onHead: ({ status, reason, lines }) => {
      parsed.head = [status, reason, lines];
    },
    onBody: (bytes, from, to) => {
      parsed.body += bytes.toString('latin1', from, to);
    },
    onEnd: (trailers) => {
      parsed.trailers = trailers;
    },
    onSwitch: () => {
      parsed.switched = true;
    },
  });
  parser.expect(method, upgrade);
  try {
    for (const part of parts) {
      // As a connection does: in memory that is used again, and full of what was read before.
      const memory = Buffer.from(`\r\n\r\n${part.toString('latin1')}\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`, 'latin1');
      parsed.rest += part.length + 4 - parser.read(memory, 4, 4 + part.length);
      memory.fill('x');
    }
    parser.finish();
  } catch (error) {
    parsed.error = (error as Error).message;
  }
  return parsed;
}
