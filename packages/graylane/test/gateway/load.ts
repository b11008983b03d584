import { Agent, get } from 'node:http';

/** What became of the requests of some clients. */
export interface Load {
  /** How many were answered with 200. */
  served: number;
  /** All others, by what was wrong. */
  readonly failures: string[];
  /** Resolves when so many more were answered. */
  more(count: number): Promise<void>;
  /** Ends, and resolves when no request is under way any more. */
  stop(): Promise<void>;
}

/**
 * Sends requests from so many clients, each one after the other, until it is stopped.
 *
 * @param keepAlive whether connections are used again; else each request has one of its own
 */
export function startLoad(url: string, clients: number, keepAlive = true): Load {
  const agent = new Agent({ keepAlive, maxSockets: clients });
  let stopped = false;
  const waiting = new Set<() => void>();
  const load: Load = {
    served: 0,
    failures: [],
    more(count) {
      const wanted = load.served + count;
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (load.failures.length > 0) reject(new Error(load.failures.join(', ')));
          else if (load.served < wanted) return;
          else resolve();
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      });
    },
    async stop() {
      stopped = true;
      await done;
      agent.destroy();
    },
  };
  const client = async (): Promise<void> => {
    while (!stopped) {
      const outcome = await one(url, agent);
      if (outcome === '200') load.served++;
      else load.failures.push(outcome);
      for (const look of waiting) look();
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return load;
}

function one(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
      response.once('error', (error) => resolve(error.message));
    }).once('error', (error) => resolve(error.message));
  });
}
