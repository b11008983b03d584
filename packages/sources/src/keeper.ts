import { type ErrorCode, GraylaneError } from '@graylane/core';
import type { DoubtOptions } from './doubt.ts';
import { type FollowOptions, follow } from './follow.ts';
import type { SourceStatus } from './registry.ts';
import { openStateFile, type StateFile } from './state-file.ts';

/** What the keeper does around any driver. */
export interface KeeperOptions extends FollowOptions, Partial<DoubtOptions> {
  /** Where the last good content is kept, so that a process can start while the source is away. Default: nowhere. */
  readonly stateDirectory?: string;
  /** Called with whatever goes wrong between here and the source. Default: nothing; `status()` has the last one. */
  readonly onError?: (error: Error) => void;
}

/** What a keeper is told by whoever knows the content. */
export interface KeeperParts {
  readonly name: string;
  /** Names the state file: `instances` or `policy`. */
  readonly kind: string;
  /** The error when nothing comes in time. */
  readonly unavailable: ErrorCode;
  /** Takes what the state file held, through {@link Keeper.restored}. Throws when it cannot be used. */
  readonly restore: (kept: unknown) => void;
  /** One session with the source. */
  readonly session: (signal: AbortSignal) => Promise<void>;
}

/**
 * The line to one source, whatever comes over it: sessions that follow each other, how far the content can be believed,
 * the last good content on disk, and who wants to know.
 */
export class Keeper<Content> {
  readonly #parts: KeeperParts;
  readonly #options: KeeperOptions;
  readonly #closed = new AbortController();
  readonly #listeners = new Set<(content: Content) => void>();
  readonly #state: StateFile;
  readonly #known = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #refused: Error | undefined;
  #status: SourceStatus = { freshness: 'none', heardAt: 0, origin: 'nowhere' };

  constructor(parts: KeeperParts, options: KeeperOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#known.promise.catch(() => {}); // told to whoever waits for it
    this.#state = openStateFile(options.stateDirectory, `${parts.kind}-${parts.name}`, (error) => this.report(error));
    this.#running = this.#run();
  }

  get status(): SourceStatus {
    return this.#status;
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  subscribe(listener: (content: Content) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when content is known, rejects when the first was refused or nothing comes in time. */
  async ready(timeoutMs = 5_000): Promise<void> {
    if (this.#status.origin !== 'nowhere') return;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const cause = this.#status.error;
      const why = cause ? `: ${cause.message}` : '';
      const detail = `Nothing came from ${this.#parts.name} within ${timeoutMs} ms${why}`;
      reject(new GraylaneError(this.#parts.unavailable, detail, { cause }));
    }, timeoutMs);
    await Promise.race([this.#known.promise, late]).finally(() => clearTimeout(timer));
  }

  /** The source gave a sign of life. What it said last still holds, and so does a refusal of it. */
  heard(): void {
    const { freshness, origin } = this.#status;
    const error = this.#refused && { error: this.#refused };
    this.#status = { freshness: origin === 'source' ? 'fresh' : freshness, heardAt: Date.now(), origin, ...error };
  }

  /** The source said what holds from now on; `content` is missing when that is what held before. Tells everyone. */
  accept(content?: Content): void {
    this.#refused = undefined;
    this.#status = { freshness: 'fresh', heardAt: Date.now(), origin: 'source' };
    this.#known.resolve();
    if (content !== undefined) this.tell(content);
  }

  /** New content is in force: tells everyone. A listener that throws must not end the session that it is told from. */
  tell(content: Content): void {
    for (const listener of this.#listeners) {
      try {
        listener(content);
      } catch (error) {
        this.#complain(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** What the state file held is in force until the source is heard. */
  restored(content: Content): void {
    this.#status = { freshness: 'stale', heardAt: 0, origin: 'disk' };
    this.#known.resolve();
    this.tell(content);
  }

  /** What the source says now cannot be used: what held before stays, and whoever waits for the first need not wait longer. */
  refuse(error: Error): void {
    const known = this.#refused?.message === error.message;
    this.#refused = error;
    this.heard();
    this.#known.reject(error);
    if (!known) this.#complain(error);
  }

  /** Keeps content on disk. */
  save(value: unknown): void {
    this.#state.save(value);
  }

  /** Something went wrong. */
  report(error: Error): void {
    this.#status = { ...this.#status, error };
    this.#complain(error);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#known.reject(new GraylaneError('GL_CLOSED', `${this.#parts.name} was closed`));
    this.#listeners.clear();
    await this.#running;
    await this.#state.flushed();
  }

  async #run(): Promise<void> {
    await this.#restore();
    let heardBefore = 0;
    await follow(
      (signal) => {
        heardBefore = this.#status.heardAt;
        return this.#parts.session(signal);
      },
      (error) => this.#lost(error),
      () => this.#status.heardAt > heardBefore,
      this.#closed.signal,
      this.#options,
    );
  }

  async #restore(): Promise<void> {
    const kept = await this.#state.load();
    if (kept === undefined || this.closed) return;
    try {
      this.#parts.restore(kept);
    } catch (error) {
      this.report(error as Error);
    }
  }

  /** Whoever wants to hear of errors must not cause one here. */
  #complain(error: Error): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // there is nobody left to tell
    }
  }

  #lost(error: Error): void {
    const freshness = this.#status.freshness === 'none' ? 'none' : 'stale';
    this.#status = { ...this.#status, freshness };
    this.report(error);
  }
}
