// Starts an OpenTelemetry SDK as applications do, with nothing in it for lanes. INSTRUMENT=1 adds instrumentations.
import { register } from 'node:module';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';

process.env.OTEL_TRACES_EXPORTER ??= 'none';
process.env.OTEL_METRICS_EXPORTER ??= 'none';
process.env.OTEL_LOGS_EXPORTER ??= 'none';
process.env.OTEL_NODE_RESOURCE_DETECTORS ??= 'env';

const instrument = process.env.INSTRUMENT === '1';
if (instrument) register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

/** All spans that have ended, for programs that look at them. */
const spans: unknown[] = [];
Object.assign(globalThis, { endedSpans: spans });
const nothing = async (): Promise<void> => {};

new NodeSDK({
  instrumentations: instrument ? [new HttpInstrumentation(), new UndiciInstrumentation()] : [],
  spanProcessors: [{ onStart() {}, onEnd: (span) => void spans.push(span), forceFlush: nothing, shutdown: nothing }],
}).start();
