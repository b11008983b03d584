import type { Instance, SegmentFiles } from '@graylane/core';
import type { KeeperOptions } from './keeper.ts';
import { keepPolicy } from './policy-keeper.ts';
import type { PolicyDriver, PolicySink, PolicySource } from './policy-source.ts';
import type { Registry, RegistryDriver, RegistrySink } from './registry.ts';
import { keepRegistry } from './registry-keeper.ts';

/** A registry within this process: for tests, and for programs that know their instances by other means. */
export interface MemoryRegistry extends Registry {
  /** Replaces all instances. */
  set(instances: readonly Instance[]): void;
  /** Another registry over the same memory, as for a second service in this process. It has a life of its own. */
  open(options?: KeeperOptions): Registry;
}

/**
 * A registry that holds what it is given. Registrations have no TTL: they stay until they are deregistered. What `set`
 * says is believed at once, unless `doubtMs` says otherwise: nothing here can lose its memory.
 */
export function memoryRegistry(instances: readonly Instance[] = [], options: KeeperOptions = {}): MemoryRegistry {
  const entries = new Map<string, Instance>();
  const sinks = new Set<RegistrySink>();
  const key = ({ service, id }: Instance): string => `${service}/${id}`;
  const fill = (all: readonly Instance[]): void => {
    entries.clear();
    for (const instance of all) entries.set(key(instance), instance);
  };
  const tell = (service: string, left: readonly string[] = []): void => {
    const list = [...entries.values()].filter((instance) => instance.service === service);
    for (const sink of sinks) sink.change(service, list, left);
  };
  const driver: RegistryDriver = {
    name: 'memory',
    watch: (sink, signal) => {
      sinks.add(sink);
      sink.sync([...entries.values()]);
      return untilAborted(signal, () => sinks.delete(sink));
    },
    announcer: {
      put: async (instance) => {
        entries.set(key(instance), instance);
        tell(instance.service);
        return {};
      },
      renew: async (instance) => (entries.has(key(instance)) ? 'ok' : 'gone'),
      remove: async (instance) => {
        entries.delete(key(instance));
        tell(instance.service, [instance.id]);
      },
    },
  };
  fill(instances);
  const open = (how: KeeperOptions = {}): Registry => keepRegistry(driver, { doubtMs: 0, ...how });
  const set = (all: readonly Instance[]): void => {
    fill(all);
    for (const sink of sinks) sink.sync([...entries.values()]);
  };
  return Object.assign(open(options), { set, open });
}

/** A policy source within this process. */
export interface MemoryPolicy extends PolicySource {
  /** Replaces the policy: YAML or JSON text, or its value. A bad one is refused; `status().refused` says why. */
  set(policy: unknown, files?: SegmentFiles): void;
  /** Another policy source over the same memory. It has a life of its own. */
  open(options?: KeeperOptions): PolicySource;
}

/** A policy source that holds what it is given. */
export function memoryPolicy(policy?: unknown, options: KeeperOptions & { files?: SegmentFiles } = {}): MemoryPolicy {
  const sinks = new Set<PolicySink>();
  let held = { policy, files: options.files };
  const driver: PolicyDriver = {
    name: 'memory',
    watch: (sink, signal) => {
      sinks.add(sink);
      if (held.policy === undefined) sink.alive();
      else sink.push(held.policy, held.files);
      return untilAborted(signal, () => sinks.delete(sink));
    },
  };
  const open = (how: KeeperOptions = {}): PolicySource => keepPolicy(driver, how);
  const set = (next: unknown, files?: SegmentFiles): void => {
    held = { policy: next, files };
    for (const sink of sinks) sink.push(held.policy, held.files);
  };
  return Object.assign(open(options), { set, open });
}

/** Resolves when the signal aborts. */
function untilAborted(signal: AbortSignal, then: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      then();
      return resolve();
    }
    signal.addEventListener(
      'abort',
      () => {
        then();
        resolve();
      },
      { once: true },
    );
  });
}
