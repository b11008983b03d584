import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Sent } from './judge.ts';

const HEADERS: Record<Sent['kind'], Record<string, string>> = {
  untagged: {},
  forged: { baggage: 'a=1,graylane=gray', 'x-graylane': 'gray' },
  tagged: { 'x-tester': '1' },
};

/**
 * Sends requests over kept-alive connections, each as soon as the one before it is answered, until told to stop.
 *
 * @returns how to stop; it resolves when the last one is answered
 */
export function startLoad(
  url: string,
  connections: number,
  random: () => number,
  done: (sent: Sent) => void,
): () => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let stopped = false;
  let count = 0;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const kind = random() < 0.5 ? 'tagged' : random() < 0.2 ? 'forged' : 'untagged';
      const start = performance.now();
      const requestID = String(++count);
      const { status, body } = await send(url, agent, { ...HEADERS[kind], 'x-request-id': requestID });
      done({ kind, requestID, start, end: performance.now(), status, body });
    }
  };
  const runs = Array.from({ length: connections }, run);
  return async () => {
    stopped = true;
    await Promise.all(runs);
    agent.destroy();
  };
}

async function send(
  url: string,
  agent: Agent,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { agent, headers }, resolve).on('error', reject).end();
    });
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (error) {
    return { status: 0, body: String(error) };
  }
}
