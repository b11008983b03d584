import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, Instance, Outcome } from '@graylane/core';
import type { RetryBudget } from './retry-budget.ts';
import type { ClientUpgrade } from './upgrade.ts';
import type { UpstreamFailure } from './upstream.ts';

/** An instance that was picked, and how to say how the call to it went. */
export interface Attempt {
  readonly instance: Instance;
  readonly end: (outcome?: Outcome) => void;
}

/** What is proxied. */
export interface ProxyJob {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query. */
  readonly target: string;
  /** Header lines for the instance. */
  readonly lines: readonly string[];
  /** In bytes. */
  readonly bodyLimit: number;
  /** Milliseconds to the answer's head. Default: the upstream's. */
  readonly answerMs?: number | undefined;
  /** The next instance to try; undefined when there is none. */
  readonly next: () => Attempt | undefined;
  /** Answers with an error. The message is for the client; the detail, which may name an instance, is for the log. */
  readonly refuse: (code: ErrorCode, message: string, detail?: string) => void;
  /** What requests may be sent again that an instance may have got. Default: none. */
  readonly retries?: RetryBudget | undefined;
  /** The client's connection, when it asks for another protocol. */
  readonly upgrade?: ClientUpgrade | undefined;
  /** Milliseconds without a byte after which an upgraded connection ends. Default: none. */
  readonly tunnelIdleMs?: number | undefined;
  /** Header lines that the answer gets beside the instance's. Default: none. */
  readonly extraLines?: ((instance: Instance) => readonly string[]) | undefined;
}

/** What the client is told of a failure. */
export const FAILURES: Readonly<Record<UpstreamFailure, { readonly code: ErrorCode; readonly what: string }>> = {
  'connect-failed': { code: 'GL_UPSTREAM_CONNECT', what: 'cannot be reached' },
  overloaded: { code: 'GL_OVERLOADED', what: 'has too many requests waiting' },
  timeout: { code: 'GL_UPSTREAM_TIMEOUT', what: 'did not answer in time' },
  unanswered: { code: 'GL_UPSTREAM_FAILED', what: 'broke off' },
  broken: { code: 'GL_UPSTREAM_FAILED', what: 'broke off' },
};
