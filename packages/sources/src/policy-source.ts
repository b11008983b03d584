import type { CompiledPolicy, GraylaneError, SegmentFiles } from '@graylane/core';
import type { SourceStatus } from './registry.ts';

/** What everyone sees of a place where policies come from: the last good one at once, and each change. */
export interface PolicySource {
  /** Which source, for messages. Holds no secret. */
  readonly name: string;
  /** The policy in force; undefined until the first one is known. */
  current(): CompiledPolicy | undefined;
  /** Calls `listener` with each new policy, not with the present one. Returns how to stop. */
  subscribe(listener: (policy: CompiledPolicy) => void): () => void;
  /**
   * Resolves as soon as a policy is known, be it the last good one from disk.
   *
   * @throws GraylaneError `GL_POLICY_INVALID` when the first policy has mistakes and none is kept, or
   * `GL_POLICY_UNAVAILABLE` after `timeoutMs` (default 5000)
   */
  ready(timeoutMs?: number): Promise<void>;
  status(): PolicyStatus;
  close(): Promise<void>;
}

/** How far a policy source can be believed. */
export interface PolicyStatus extends SourceStatus {
  /** The revision in force. */
  readonly revision?: string;
  /** Why the newest policy was refused; the one before it stays in force. Gone when a good one comes. */
  readonly refused?: GraylaneError;
}

/** What a driver of a policy store does: it only translates, as a registry's driver does. */
export interface PolicyDriver {
  readonly name: string;
  /** One session: tells the present policy first, then each change, until `signal` aborts or the source is lost. */
  watch(sink: PolicySink, signal: AbortSignal): Promise<void>;
  /** Lets go of what outlives a session. Called once, last. */
  close?(): Promise<void>;
}

/** Where a policy driver tells what it sees. */
export interface PolicySink {
  /** A policy as text (YAML or JSON) or value, with the contents of the segment files that it names. */
  push(policy: unknown, files?: SegmentFiles): void;
  /** What the source holds is no policy, and the driver knows why: the last good one stays. The session goes on. */
  refuse(error: GraylaneError): void;
  /** A sign of life without a change. */
  alive(): void;
}
