import diagnostics from 'node:diagnostics_channel';
import type { Lane, Pick } from '@graylane/core';

/** A message on the channel `graylane:pick`: one for each pick that was made for a call. */
export interface PickMessage {
  /** The service that was called. */
  readonly service: string;
  readonly wanted: Lane;
  readonly pick: Pick;
}

/** A message on the channel `graylane:error`: something of ours went wrong, and the user's call went on without us. */
export interface ErrorMessage {
  /** What was being done: `http hook`, `registry`. */
  readonly where: string;
  readonly error: unknown;
}

const picks = diagnostics.channel('graylane:pick');
const errors = diagnostics.channel('graylane:error');

export function publishPick(message: PickMessage): void {
  if (picks.hasSubscribers) picks.publish(message);
}

export function publishError(where: string, error: unknown): void {
  if (errors.hasSubscribers) errors.publish({ where, error } satisfies ErrorMessage);
}
