import { flushCompileCache } from 'node:module';

/** What every program of the chaos test is set to, in milliseconds. Short, so that much happens in a minute. */
export const SETTINGS = {
  /** How long an instance lives without being renewed, and how often the registry looks: `max(10, ttl / 10)`. */
  ttlMs: 1_500,
  sweepMs: 150,
  /** How long a lane that was lost must be back before it serves again. */
  settleMs: 300,
  /** How long an instance is left out after a failed connection: at first, and at most. */
  ejection: { baseMs: 250, maxMs: 500 },
  /**
   * How the registry's clients come back to it, and how long they doubt what a registry says that has just begun: longer
   * than instances need to register again after an outage of 2 s, whose retries are at most 3.3 s apart then.
   */
  kept: { backoffMs: 100, maxBackoffMs: 400, doubtMs: 4_000 },
} as const;

/** What a program tells the test, over its channel. */
export type Report =
  /** It serves here. An instance is registered too. */
  | { readonly kind: 'up'; readonly address: string }
  /** These instances it knows now, each as `id#pid`. */
  | { readonly kind: 'knows'; readonly instances: readonly string[] }
  /** The gateway refused this request after it had tried this instance last, if any. */
  | { readonly kind: 'refused'; readonly requestID: string; readonly address: string | undefined };

/** Tells the test something; a program that lost its test has no reason to live. */
export function tell(report: Report): void {
  if (report.kind === 'up') flushCompileCache(); // whoever is killed has no other occasion
  process.send?.(report, (error: Error | null) => error && process.exit(1));
}
