import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { createGateway } from '../../src/gateway.ts';
import { type AdminOptions, createAdminServer } from '../../src/operate/admin.ts';
import { answerFor } from '../../src/operate/admin-answers.ts';
import { createMetrics } from '../../src/operate/metrics.ts';
import { createRecent } from '../../src/operate/recent.ts';
import { atEnd, eventually, POLICY, startInstance } from '../stage.ts';
import { type AskedRequest, ask, valuesOf } from '../wire.ts';

/** A gateway with an admin listener, in front of an instance of `shop`. */
export async function startAdmin(options: AdminOptions = {}) {
  const { instance } = await startInstance();
  const policy = memoryPolicy(POLICY);
  const metrics = createMetrics({ services: () => new Set(['absent']) });
  const recent = createRecent(10);
  let exchanges = 0;
  const gateway = createGateway({
    registry: memoryRegistry([instance]),
    policy,
    onExchange(exchange) {
      metrics.count(exchange);
      recent.add(exchange);
      exchanges++;
    },
  });
  metrics.follow(gateway);
  atEnd(() => gateway.close({ graceMs: 0 }));
  const { port } = await gateway.listen(0);
  const admin = createAdminServer(answerFor({ gateway, metrics, recent }), options).listen(0, '127.0.0.1');
  await once(admin, 'listening');
  atEnd(() => {
    admin.close();
    admin.closeAllConnections();
  });
  const { port: adminPort } = admin.address() as AddressInfo;
  const getText = async (target: string, request: AskedRequest = {}) => {
    const { status, lines, body } = await ask(adminPort, { ...request, target });
    return { status, text: body.toString(), type: valuesOf(lines.map(lowerName), 'content-type')[0], lines };
  };
  const get = async (target: string, request: AskedRequest = {}): Promise<[number, unknown]> => {
    const { status, text } = await getText(target, request);
    return [status, JSON.parse(text)];
  };
  /** Sends a request through the gateway, and waits until it was counted. */
  const send = async (request: AskedRequest): Promise<void> => {
    const before = exchanges;
    await ask(port, request);
    await eventually(() => exchanges > before, 'an exchange');
  };
  return { gateway, policy, metrics, get, getText, send };
}

function lowerName(text: string, at: number): string {
  return at % 2 === 0 ? text.toLowerCase() : text;
}
