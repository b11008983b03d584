import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExchangeRecord } from '@graylane/gateway';
import type { Registry } from '@graylane/sources';
import { httpRegistry } from '@graylane/sources/http';
import { type Dev, startDev } from 'graylane';

/** Services in the order in which they call each other. */
export const SERVICES = ['storefront', 'cart', 'orders', 'payment', 'stock', 'shipping'] as const;

/** Those that have a gray version too: no neighbours, so that the lane has to survive stable services between them. */
export const GRAY_SERVICES = ['cart', 'payment'] as const;

/** The shop, running: a gateway, a registry, and a process for each instance. */
export interface Shop {
  readonly dev: Dev;
  /** The gateway's records, newest last. */
  readonly exchanges: readonly ExchangeRecord[];
  /** Starts one instance; resolves when the gateway's registry knows it. */
  start(service: string, lane: string): Promise<void>;
  /** Kills an instance on the spot, as a crash would. */
  kill(service: string, lane: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts everything but the instances. Ports that are taken are replaced by free ones. */
export async function openShop(ports: { gateway: number; registry: number }): Promise<Shop> {
  const exchanges: ExchangeRecord[] = [];
  const dev = await startOn(ports, exchanges).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return startOn({ gateway: 0, registry: 0 }, exchanges);
  });
  const registry = httpRegistry({ url: dev.registryURL });
  const children = new Map<string, ChildProcess>();
  return {
    dev,
    exchanges,
    async start(service, lane) {
      const child = startInstance(service, lane, dev.registryURL);
      children.set(`${service} ${lane}`, child);
      await Promise.race([listed(registry, service, lane, child), failed(child, service)]);
    },
    async kill(service, lane) {
      const child = children.get(`${service} ${lane}`) as ChildProcess;
      child.removeAllListeners('exit');
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
    async close() {
      for (const child of children.values()) child.kill('SIGKILL');
      await registry.close();
      await dev.close();
    },
  };
}

function startOn(ports: { gateway: number; registry: number }, exchanges: ExchangeRecord[]): Promise<Dev> {
  return startDev({
    policy: fileURLToPath(new URL('../policy.yaml', import.meta.url)),
    port: ports.gateway,
    registryPort: ports.registry,
    registry: { ttlMs: 3_000 },
    routes: [{ path: '/', service: 'storefront' }],
    onExchange: (exchange) => exchanges.push(exchange),
    onError: (error) => console.error(`\n${error.message}\nUntil that is mended, the policy before it holds.\n`),
  });
}

function startInstance(service: string, lane: string, registry: string): ChildProcess {
  const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const flags = ['--conditions=@graylane/source', '--disable-warning=ExperimentalWarning', '--disable-warning=DEP0205'];
  return spawn(process.execPath, [...flags, '--import', here('telemetry.ts'), here(`services/${service}.ts`)], {
    env: { ...process.env, LANE: lane, REGISTRY: registry },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** Resolves when the registry lists the instance of this very process. */
function listed(registry: Registry, service: string, lane: string, child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const instances = registry.snapshot().services.get(service) ?? [];
      if (!instances.some((each) => each.lane === lane && each.metadata.pid === String(child.pid))) return;
      stop();
      resolve();
    };
    const stop = registry.subscribe(look);
    look();
  });
}

async function failed(child: ChildProcess, service: string): Promise<never> {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`${service} ended with ${signal ?? `status ${code}`} before it was ready; its output is above`);
}
