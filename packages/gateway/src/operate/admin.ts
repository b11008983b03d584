import { createServer, type Server } from 'node:http';
import type { Gateway, GatewayStatus } from './gateway.ts';

/**
 * Answers probes about a gateway, on a port of its own so that no path of the applications is taken: `/healthz` as long as
 * the process lives, `/readyz` while it should get requests (503 otherwise), `/status` with what it knows, as JSON.
 */
export function createAdminServer(gateway: Gateway): Server {
  return createServer((request, response) => {
    const status = gateway.status();
    const answer = (code: number, body: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json; charset=utf-8' });
      response.end(`${JSON.stringify(body, null, 2)}\n`);
    };
    switch (request.url) {
      case '/healthz':
        return answer(200, { ok: true });
      case '/readyz':
        return answer(status.ready ? 200 : 503, { ready: status.ready, draining: status.draining });
      case '/status':
        return answer(200, describe(status));
      default:
        return answer(404, { error: 'There are /healthz, /readyz and /status.' });
    }
  });
}

/** A status with its errors as texts. */
function describe({ ready, draining, registry, policy }: GatewayStatus): unknown {
  const withError = <Status extends { error?: Error }>({ error, ...rest }: Status) => ({
    ...rest,
    ...(error && { error: error.message }),
  });
  const { refused, ...rest } = policy;
  return {
    ready,
    draining,
    registry: withError(registry),
    policy: { ...withError(rest), ...(refused && { refused: refused.message }) },
  };
}
