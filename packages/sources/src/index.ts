export { type DoubtOptions, judge } from './doubt.ts';
export { type FollowOptions, follow } from './follow.ts';
export type { KeeperOptions } from './keeper.ts';
export { type MemoryPolicy, type MemoryRegistry, memoryPolicy, memoryRegistry } from './memory.ts';
export { keepPolicy } from './policy-keeper.ts';
export type { PolicyDriver, PolicySink, PolicySource, PolicyStatus } from './policy-source.ts';
export type {
  Announcer,
  Registration,
  Registry,
  RegistryDriver,
  RegistrySink,
  Snapshot,
  SourceStatus,
} from './registry.ts';
export { keepRegistry } from './registry-keeper.ts';
export { type WatchFilesOptions, watchFiles } from './watch-files.ts';
