import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorityOf, GraylaneError, type Instance } from '@graylane/core';
import type { Registry } from '@graylane/sources';

/** How a process is announced and how it leaves. Times in milliseconds. */
export interface AnnounceOptions {
  /** The address that others reach this process at. Default: the server's, or the first of the machine when it listens on all. */
  readonly host?: string;
  /** Default: the server's. */
  readonly port?: number;
  /** Default 1. */
  readonly weight?: number;
  readonly zone?: string;
  /** Default: none. The lane is added under `lane`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Leave on these signals, then end the process as the signal would have. Default: SIGTERM and SIGINT. Empty: never. */
  readonly signals?: readonly NodeJS.Signals[];
  /** How long others get to see that this instance drains, before the server stops listening. Default 500. */
  readonly drainMs?: number;
  /** How long requests under way may take when leaving. Default 10,000. */
  readonly graceMs?: number;
}

/** This process as others see it. */
export interface Announcement {
  readonly instance: Instance;
  /** Leaves: says that it drains, waits, deregisters, stops listening, and lets requests under way end. */
  leave(): Promise<void>;
}

/**
 * Registers this process as an instance of its router's service and lane, as soon as `server` listens. Resolves when the
 * registry knows it or, when the registry is away, after 2 seconds with the promise to go on trying.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when the server has no port that others could call and none is given;
 *   `GL_REGISTRY_REFUSED` when the registry takes no registrations
 */
export async function announce(
  owner: { readonly service: string; readonly lane: string },
  registry: Registry,
  server: Server,
  options: AnnounceOptions = {},
): Promise<Announcement> {
  const { signals = ['SIGTERM', 'SIGINT'], drainMs = 500, graceMs = 10_000 } = options;
  if (!server.listening) await once(server, 'listening');
  const instance = instanceOf(owner, addressOf(server, options), options);
  const registration = registry.register(instance);
  await Promise.race([registration.accepted, sleep(2_000, undefined, { ref: false })]);

  let leaving: Promise<void> | undefined;
  const leaveOnce = async (): Promise<void> => {
    for (const signal of signals) process.off(signal, onSignal);
    await registration.replace({ ...instance, state: 'draining' }).catch(() => {});
    await sleep(drainMs);
    await registration.deregister();
    await stop(server, graceMs);
  };
  const leave = (): Promise<void> => {
    leaving ??= leaveOnce();
    return leaving;
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // Without a listener of somebody else's, the process ends as it would have without us.
    void leave().then(() => process.listenerCount(signal) === 0 && process.kill(process.pid, signal));
  };
  for (const signal of signals) process.once(signal, onSignal);
  return { instance, leave };
}

/** Where others reach a server. */
function addressOf(server: Server, options: AnnounceOptions): { readonly host: string; readonly port: number } {
  const address = server.address();
  const { host, port } = options;
  if (host !== undefined && port !== undefined) return { host, port };
  if (address === null || typeof address === 'string') {
    const detail = `The server listens at ${address ?? 'nothing'}, which no other machine can call: give host and port`;
    throw new GraylaneError('GL_CONFIG_INVALID', detail);
  }
  return { host: host ?? reachable(address), port: port ?? address.port };
}

function instanceOf(
  { service, lane }: { readonly service: string; readonly lane: string },
  at: { readonly host: string; readonly port: number },
  options: AnnounceOptions,
): Instance {
  return {
    id: authorityOf(at),
    service,
    ...at,
    lane,
    weight: options.weight ?? 1,
    zone: options.zone ?? '',
    state: 'ready',
    metadata: { ...options.metadata, lane, pid: String(process.pid) },
  };
}

/** An address that others can reach: for a server that listens on all, the machine's first one, IPv4 if it has any. */
function reachable({ address }: AddressInfo): string {
  if (address !== '0.0.0.0' && address !== '::') return address;
  const external = Object.values(networkInterfaces())
    .flat()
    .filter((each): each is NetworkInterfaceInfo => each !== undefined && !each.internal);
  const ipv4 = external.find(({ family }) => family === 'IPv4');
  const ipv6 = external.find((each) => each.family === 'IPv6' && each.scopeid === 0);
  return (ipv4 ?? (address === '::' ? ipv6 : undefined))?.address ?? '127.0.0.1';
}

/** Stops listening, closes connections as soon as they are idle, and waits for the others, though not beyond `graceMs`. */
async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const http = server as Server & { closeIdleConnections?(): void; closeAllConnections?(): void };
  // Again and again: a client would keep the connection of its last request for seconds.
  const sweeping = setInterval(() => http.closeIdleConnections?.(), 50);
  await Promise.race([closed, sleep(graceMs, undefined, { ref: false })]);
  clearInterval(sweeping);
  http.closeAllConnections?.();
}
