/**
 * Passive ejection as data: what was seen of one instance, and until when it is left out. A pure reducer; whoever calls
 * instances feeds it. Times are milliseconds of any clock that does not go back.
 */
export interface Ejection {
  /** Failures since the last success. */
  readonly failures: number;
  /** How often it was ejected in a row; doubles the time. */
  readonly times: number;
  /** Left out until then; 0 when it never was. */
  readonly until: number;
}

/** What a call showed of an instance. */
export type Outcome = 'ok' | 'connect-failed' | 'timeout';

/** When to eject and for how long. */
export interface EjectionOptions {
  /** Timeouts in a row that eject. A refused or failed connection ejects at once. Default 3. */
  readonly timeouts: number;
  /** First ejection, in milliseconds. Default 5000. */
  readonly baseMs: number;
  /** Longest ejection, in milliseconds. Default 60,000. */
  readonly maxMs: number;
}

/** Used where nothing else is asked for. */
export const EJECTION_DEFAULTS: EjectionOptions = { timeouts: 3, baseMs: 5_000, maxMs: 60_000 };

/** The state of an instance of which nothing is known. */
export const NOT_EJECTED: Ejection = { failures: 0, times: 0, until: 0 };

/** The state after one more outcome. The same object when nothing changes. */
export function observe(state: Ejection, outcome: Outcome, now: number, options: EjectionOptions): Ejection {
  if (outcome === 'ok') return state.failures === 0 && state.times === 0 ? state : NOT_EJECTED;
  if (now < state.until) return state; // calls that were already under way say nothing new
  const failures = state.failures + 1;
  if (outcome === 'timeout' && failures < options.timeouts) return { ...state, failures };
  const ms = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(state.times, 16));
  return { failures: 0, times: state.times + 1, until: now + ms };
}

/**
 * The state after hearing from somebody else, who calls the same instances, that it ejected this one until then. What was
 * seen here stays; the later end counts.
 */
export function takeOver(state: Ejection, until: number): Ejection {
  if (until <= state.until) return state;
  return { failures: 0, times: Math.max(1, state.times), until };
}
