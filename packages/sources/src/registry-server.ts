import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authorityOf } from '@graylane/core';
import { type ApiOptions, serveRegistry } from './registry-api.ts';
import { InstanceStore, type StoreLimits } from './registry-store.ts';
import { type WatcherOptions, Watchers } from './registry-watchers.ts';

/** What an embedded registry can be told; each has a default. */
export interface RegistryServerOptions extends Partial<ApiOptions>, Partial<WatcherOptions>, Partial<StoreLimits> {}

/**
 * A registry for teams that have none: HTTP, in memory, one process. It needs no disk: instances put themselves again
 * when it was restarted, and its clients keep what they knew meanwhile.
 */
export interface RegistryServer {
  /** Begins to serve. Resolves to the address. Default: port 8700 of this machine only; port 0 takes a free one. */
  listen(at?: { readonly port?: number; readonly host?: string }): Promise<string>;
  /** `http://127.0.0.1:8700`; undefined while it does not listen. */
  readonly address: string | undefined;
  /** Ends every watch, lets requests that are being answered end for up to a second, and frees the port. */
  close(): Promise<void>;
}

const CLOSE_MS = 1_000;

/** Makes an embedded registry; `httpRegistry` of `@graylane/sources/http` is its client. */
export function createRegistryServer(options: RegistryServerOptions = {}): RegistryServer {
  const { instances = 100_000, instancesPerService = 10_000, changes = 1_000 } = options;
  const { heartbeatMs = 5_000, unreadBytes = 16 * 1024 * 1024, watchers: maxWatchers = 10_000 } = options;
  const { ttlMs = 15_000, minTtlMs = 100, maxTtlMs = 300_000, bodyBytes = 64 * 1024, token } = options;
  const sweepMs = Math.max(10, Math.min(1_000, ttlMs / 10));
  const store = new InstanceStore({
    limits: { instances, instancesPerService, changes },
    sweepMs,
  });
  const watchers = new Watchers(store, { heartbeatMs, unreadBytes, watchers: maxWatchers });
  const api: ApiOptions = { ttlMs, minTtlMs, maxTtlMs, bodyBytes, ...(token !== undefined && { token }) };
  const limits = { maxHeaderSize: 16 * 1024, requestTimeout: 30_000, keepAliveTimeout: 65_000 };
  const server = createServer(limits, (request, response) => {
    response.on('error', () => {}); // a caller that went away misses nothing
    void serveRegistry(request, response, { store, watchers, options: api });
  });

  return {
    listen: async ({ port = 8700, host = '127.0.0.1' } = {}) => {
      await listening(server, port, host);
      return addressOf(server) as string;
    },
    get address() {
      return addressOf(server);
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      store.close();
      watchers.close();
      server.closeIdleConnections();
      const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed.finally(() => clearTimeout(impatient));
    },
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function addressOf(server: Server): string | undefined {
  const address = server.address() as AddressInfo | null;
  return address ? `http://${authorityOf({ host: address.address, port: address.port })}` : undefined;
}
