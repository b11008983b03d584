export type { Announcement, AnnounceOptions } from './announce.ts';
export { currentLane, laneOf, withLane } from './context.ts';
export type { ErrorMessage, PickMessage } from './diagnostics.ts';
export type { HookOptions } from './hooks/clients.ts';
export { runInLane } from './inbound.ts';
export { completeOpenTelemetry, LanePropagator, type OpenTelemetryState } from './otel.ts';
export { createRouter, type Router, type RouterOptions } from './router.ts';
export type { EjectionNews } from './service-picks.ts';
