import type { AdminAnswers } from '@graylane/gateway';
import type { EjectionNews } from '@graylane/node';
import type { LogFormat } from './request-log.ts';

/** What a worker can be asked, by the names of what an admin server asks. */
export type Question = keyof AdminAnswers;

/** What the primary tells a worker. */
export type ToWorker =
  /** First: be a gateway by this configuration. */
  | { readonly kind: 'start'; readonly path: string; readonly text: string; readonly log: LogFormat }
  /** Apply of this configuration what can be applied while you run. */
  | { readonly kind: 'apply'; readonly path: string; readonly text: string }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question; readonly about: unknown }
  | { readonly kind: 'ejection'; readonly news: EjectionNews }
  /** Drain, and end when what is under way has ended. */
  | { readonly kind: 'end'; readonly drainMs: number };

/** What a worker tells the primary. */
export type ToPrimary =
  /** It listens: where, and what is spoken there, for people. */
  | { readonly kind: 'listening'; readonly where: string }
  /** It could not start, and ends. */
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'no-answer'; readonly id: number; readonly code: string; readonly text: string }
  | { readonly kind: 'ejection'; readonly news: EjectionNews }
  /** Something for people to read; the primary says it, and not once for each worker. */
  | { readonly kind: 'notice'; readonly text: string }
  /** Last: all that it counted. */
  | { readonly kind: 'counted'; readonly values: unknown };
