// Loaded before a program: the workspace's packages use this application's copy of the OpenTelemetry API, as they do
// where they are installed together. In the workspace they have copies of their own.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const ours = specifier === '@opentelemetry/api' && !context.parentURL?.includes('/node_modules/');
    return next(specifier, ours ? { ...context, parentURL: import.meta.url } : context);
  },
});
