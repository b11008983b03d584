import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AdminAnswers, createAdminServer, isLoopback, type ListenAddress } from '@graylane/gateway';
import { urlOf } from '../commands/options.ts';
import { formatExplanation } from '../explain-text.ts';

/** An admin server that listens. */
export interface AdminListener {
  readonly url: string;
  close(): void;
}

/** Opens the admin listener of a process. Its token comes from the environment: GRAYLANE_ADMIN_TOKEN. */
export async function listenAdmin(answers: AdminAnswers, { host, port }: ListenAddress): Promise<AdminListener> {
  const token = process.env.GRAYLANE_ADMIN_TOKEN || undefined;
  const server: Server = createAdminServer(answers, {
    token,
    formatExplanation: (explanation) => formatExplanation(explanation, explanation.hops),
  });
  server.listen({ port, host, exclusive: true });
  await once(server, 'listening');
  const warning = adminWarning(host, token);
  if (warning !== undefined) console.error(warning);
  return {
    url: urlOf(server.address() as AddressInfo),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What is to be said of an admin listener that others can reach and that asks nobody. */
export function adminWarning(host: string, token: string | undefined): string | undefined {
  if (isLoopback(host) || token !== undefined) return undefined;
  return (
    `Whoever reaches ${host} can ask the admin listener about this gateway.\n` +
    'What to do: listen on 127.0.0.1, or set GRAYLANE_ADMIN_TOKEN; probes need no token.'
  );
}
