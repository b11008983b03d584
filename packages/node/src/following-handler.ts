import { AsyncLocalStorage } from 'node:async_hooks';
import type { Outcome } from '@graylane/core';
import type { Dispatcher } from 'undici';
import { outcomeOf } from './outgoing.ts';

type Handler = Dispatcher.DispatchHandler;
type Told<Name extends keyof Handler> = Parameters<NonNullable<Handler[Name]>>;

/**
 * Passes everything on to the caller's handler, in the context that the caller dispatched from: undici tells it from
 * wherever the socket is read, which some other request may have opened. Says when the call ends, and how it went.
 */
export class FollowingHandler implements Handler {
  readonly #handler: Handler;
  readonly #end: (outcome?: Outcome) => void;
  readonly #inContext = AsyncLocalStorage.snapshot();

  constructor(handler: Handler, end: (outcome?: Outcome) => void = () => {}) {
    this.#handler = handler;
    this.#end = end;
  }

  onRequestStart(...told: Told<'onRequestStart'>): void {
    this.#inContext(() => this.#handler.onRequestStart?.(...told));
  }

  onRequestUpgrade(...told: Told<'onRequestUpgrade'>): void {
    this.#end('ok');
    this.#inContext(() => this.#handler.onRequestUpgrade?.(...told));
  }

  onResponseStarted(...told: unknown[]): void {
    this.#inContext(() => (this.#handler as Untyped).onResponseStarted?.(...told));
  }

  onResponseStart(...told: Told<'onResponseStart'>): void {
    this.#inContext(() => this.#handler.onResponseStart?.(...told));
  }

  onResponseData(...told: Told<'onResponseData'>): void {
    this.#inContext(() => this.#handler.onResponseData?.(...told));
  }

  onResponseEnd(...told: Told<'onResponseEnd'>): void {
    this.#end('ok');
    this.#inContext(() => this.#handler.onResponseEnd?.(...told));
  }

  onResponseError(...told: Told<'onResponseError'>): void {
    this.#end(outcomeOf(told[1]));
    this.#inContext(() => this.#handler.onResponseError?.(...told));
  }

  onBodySent(...told: unknown[]): void {
    this.#inContext(() => (this.#handler as Untyped).onBodySent?.(...told));
  }

  onRequestSent(...told: unknown[]): void {
    this.#inContext(() => (this.#handler as Untyped).onRequestSent?.(...told));
  }
}

/** What undici tells its own handlers besides, and its types leave out. */
type Untyped = Partial<Record<'onResponseStarted' | 'onBodySent' | 'onRequestSent', (...told: unknown[]) => void>>;
