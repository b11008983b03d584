import type { ProgramOptions } from './run-program.ts';

/** A module of the application in `test/apps` that has an OpenTelemetry SDK of this version. */
export function appModule(version: 2 | 3, file: 'one-api' | 'start'): URL {
  return new URL(`../../../test/apps/otel${version}/src/${file}.ts`, import.meta.url);
}

/** How a program runs beside an SDK that was started before it, with or without instrumentations. */
export function withSDK(version: 2 | 3, env: ProgramOptions['env'] = { INSTRUMENT: '1' }): ProgramOptions {
  return { preload: [appModule(version, 'one-api'), appModule(version, 'start')], env };
}

/** A usual choice of cells: nothing, and each SDK with its instrumentations. */
export const USUAL: readonly (ProgramOptions & { readonly name: string })[] = [
  { name: 'without OpenTelemetry' },
  { name: 'with SDK 2 and its instrumentations', ...withSDK(2) },
  { name: 'with SDK 3 and its instrumentations', ...withSDK(3) },
];
