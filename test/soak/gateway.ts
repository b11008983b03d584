// A gateway whose instances, policy and configuration are what the test says.
import { setImmediate as turn } from 'node:timers/promises';
import { type Instance, parseInstances } from '@graylane/core';
import { createGateway, type GatewayOptions } from '@graylane/gateway';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { type GatewayOrder, type Measure, obey, tell } from './messages.ts';
import { REVISIONS } from './revisions.ts';

/** Configurations to change between: with other time limits, for other connections, and with other routes. */
const CONFIGURATIONS: readonly Pick<GatewayOptions, 'routes' | 'timeouts' | 'limits'>[] = [
  { routes: [{ path: '/', service: 'shop' }] },
  { routes: [{ host: 'shop', path: '/', service: 'shop' }], timeouts: { answerMs: 50_000 } },
  { routes: [{ path: '/', service: 'shop', bodyBytes: 2 ** 24 }], limits: { bodyBytes: 2 ** 20 } },
];

const registry = memoryRegistry();
const policy = memoryPolicy(REVISIONS[0]);

const onExchange: NonNullable<GatewayOptions['onExchange']> = ({ requestID, status, error, detail = '', pick }) => {
  if (error === undefined) return;
  const pid = pick && 'instance' in pick ? Number(pick.instance.metadata.pid) : undefined;
  tell({ kind: 'refused', refused: { request: Number(requestID), status, pid, detail: `${error} ${detail}` } });
};

const gateway = createGateway({
  ...CONFIGURATIONS[0],
  registry,
  policy,
  onExchange,
  listeners: [{ port: 0, http2: true }],
  picks: { settleMs: 200, ejection: { baseMs: 250, maxMs: 500 } },
});

obey<GatewayOrder>((order) => {
  switch (order.kind) {
    case 'instances':
      return registry.set(parseInstances(order.instances) as Instance[]);
    case 'policy':
      return policy.set(REVISIONS[order.revision]);
    case 'reconfigure':
      return gateway.reconfigure({ ...CONFIGURATIONS[order.step % CONFIGURATIONS.length], onExchange });
    default:
      return measure();
  }
});

async function measure(): Promise<Measure> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const { connections, requests } = gateway.status();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const [heapMB, externalMB, rssMB] = [heapUsed, external, rss].map((bytes) => bytes / 2 ** 20) as [
    number,
    number,
    number,
  ];
  return { heapMB, externalMB, rssMB, connections, requests, resources };
}

void [process.stdout, process.stderr]; // which Node opens when the first socket is destroyed
const http1 = (await gateway.listen(0)).port;
const http2 = gateway.addresses()[1]?.port as number;
tell({ kind: 'up', ports: { http1, http2 } });
