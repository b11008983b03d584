import type { KeeperOptions } from '@graylane/sources';

/** Short times, so that cases that wait for them do not wait for long. */
export const QUICK: KeeperOptions = { backoffMs: 20, maxBackoffMs: 100, doubtMs: 400 };
