import type { RequestListener } from '@graylane/node/http';
import type { UpstreamPorts } from '../load/upstream.ts';

/** What is in a service beside its own work. */
export const MODES = ['no hooks', 'graylane', 'OpenTelemetry', 'OpenTelemetry and graylane'] as const;

export type Mode = (typeof MODES)[number];

/** What a service is run with. */
export interface Fittings {
  /** Where it calls the other service. */
  readonly origin: string;
  /** What is put around its listener. */
  readonly around: (listener: RequestListener) => RequestListener;
}

/** Installs what a mode has. Nothing is loaded that a mode does not have. */
export async function fit(mode: Mode, ports: UpstreamPorts): Promise<Fittings> {
  if (mode.startsWith('OpenTelemetry')) await propagateOnly();
  return mode.endsWith('graylane')
    ? hookLanes(ports)
    : { origin: `http://127.0.0.1:${ports.stable}`, around: (listener) => listener };
}

async function hookLanes({ stable, gray }: UpstreamPorts): Promise<Fittings> {
  const { parseInstances } = await import('@graylane/core');
  const { createRouter } = await import('@graylane/node');
  const { laneListener } = await import('@graylane/node/http');
  const { memoryRegistry } = await import('@graylane/sources');
  const instances = parseInstances([
    { service: 'stock', host: '127.0.0.1', port: stable },
    { service: 'stock', host: '127.0.0.1', port: gray, lane: 'gray' },
  ]);
  const router = createRouter({ service: 'orders', registry: memoryRegistry(instances) });
  await router.ready();
  router.hookClients();
  return { origin: 'http://stock', around: laneListener };
}

/** The least of OpenTelemetry that carries baggage: a context manager, W3C propagators, instrumentation, no tracer. */
async function propagateOnly(): Promise<void> {
  const { context, propagation } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const { registerInstrumentations } = await import('@opentelemetry/instrumentation');
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
  const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] });
  // The instrumentation patches a module when it is required, and in place: `import` sees the same object.
  const { createRequire } = await import('node:module');
  createRequire(import.meta.url)('node:http');
}
