import { once } from 'node:events';
import { connect } from 'node:net';
import type { Step, WireCase } from './notation.ts';
import { type Message, readAnswers, readLeniently, statusOf } from './readers.ts';
import { perform, until } from './steps.ts';
import { PROBE, type RawUpstream, type Tape } from './upstream.ts';

/** A proxy with an upstream behind it. */
export interface Setting {
  readonly port: number;
  readonly upstream: RawUpstream;
}

/** What came of a case. */
export interface Outcome {
  /** All that the client got. */
  readonly got: string;
  readonly answers: readonly Message[];
  /** What came behind the last whole answer. */
  readonly rest: string;
  /** Whether the proxy closed the connection. */
  readonly closed: boolean;
  readonly tapes: readonly Tape[];
  /** Whether a request came to the upstream before the one before it was answered. */
  readonly overlapped: boolean;
  /** The answer to a request of another client afterwards, which must be its own. */
  readonly probe: string;
}

/** What nobody behind the proxy may ever see: it follows every request that must be refused, in the same packet. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop\r\n\r\n';

/** How long to wait for what must come. */
const PATIENCE_MS = 2_000;

/** After so long without a byte, where it is not known what must come. */
const QUIET_MS = 150;

let probes = 0;

/**
 * Plays a case.
 *
 * @param knowing whether to hold the proxy to what the case expects, and not only to wait until nothing comes any more
 */
export async function play({ port, upstream }: Setting, wire: WireCase, knowing: boolean): Promise<Outcome> {
  upstream.begin(wire.answers);
  const socket = connect(port, '127.0.0.1');
  let got = '';
  let closed = false;
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('end', () => {
    closed = true;
  });
  socket.on('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  const methods = methodsOf(wire);
  const read = () => readAnswers(got, methods, closed);
  const { kind } = wire.expected;
  const followed = knowing && (kind === 'refused' || kind === 'broken');
  await perform(socket, followed ? withSmuggled(wire.client) : wire.client, () => got.length);
  if (knowing) await until(() => isThere(wire, read().answers, closed, upstream), PATIENCE_MS);
  else await quiet(() => got.length + upstream.bytes + Number(closed));
  await upstream.settled();
  const probe = await sendProbe(port);
  const { overlapped } = upstream;
  const outcome = { got, ...read(), closed, tapes: upstream.tapes(), overlapped, probe };
  socket.destroy();
  return outcome;
}

/** The same in one packet with another request behind it. */
function withSmuggled(steps: readonly Step[]): readonly Step[] {
  const last = steps.at(-1);
  if (!last || !('send' in last)) return steps;
  return [...steps.slice(0, -1), { send: Buffer.concat([last.send, Buffer.from(SMUGGLED)]) }];
}

function methodsOf({ client }: WireCase): readonly string[] {
  return readLeniently(client.map((step) => ('send' in step ? step.send.toString('latin1') : '')).join(''));
}

/** Whether all that a case expects has come. */
function isThere({ expected }: WireCase, answers: readonly Message[], closed: boolean, upstream: RawUpstream): boolean {
  const final = answers.filter((answer) => statusOf(answer) >= 200).length;
  switch (expected.kind) {
    case 'refused':
    case 'broken':
    case 'dropped':
      return closed;
    case 'gone':
      return closed && upstream.open === 0;
    case 'declined':
      return final > 0;
    case 'forwarded': {
      if ('statuses' in expected.answers)
        return final >= expected.answers.statuses.length && (closed || !expected.answers.closed);
      const { text } = expected.answers;
      if (text.endsWith('{closed}')) return closed;
      return final >= [...text.matchAll(/^HTTP\/1\.1 [2-5]/gm)].length;
    }
  }
}

async function quiet(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); ) {
    before = read();
    await until(() => read() !== before, QUIET_MS);
  }
}

/** Asks as another client, over the proxy's own connections to the upstream. */
async function sendProbe(port: number): Promise<string> {
  const name = String(++probes);
  const socket = connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(`GET ${PROBE}${name} HTTP/1.1\r\nHost: shop\r\n\r\n`);
  await until(() => readAnswers(got, [], false).answers.length > 0 || socket.destroyed, PATIENCE_MS);
  socket.destroy();
  const [answer] = readAnswers(got, [], true).answers;
  return answer?.body === name ? 'its own' : `another: ${JSON.stringify(got)}`;
}
