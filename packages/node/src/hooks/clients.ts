import type { CallPicks } from '../outgoing.ts';
import { hookHTTP } from './http.ts';
import { hookUndici, type UndiciHookOptions } from './undici.ts';

/** Which clients to hook. */
export interface HookOptions {
  /** `node:http` and `node:https`, and every client on top of them: got, axios, node-fetch, superagent. Default true. */
  readonly http?: boolean;
  /** The global `fetch` and undici's global dispatcher, with options for the connections to each instance. Default true. */
  readonly undici?: boolean | UndiciHookOptions;
}

/**
 * Hooks the clients of this process, so that calls to services that the registry knows go to an instance of the current
 * lane. Calls to any other host pass through, and leave our baggage member behind.
 *
 * @returns how to undo it
 * @throws GraylaneError `GL_HOOKED` when hooks are in place already
 */
export function hookClients(router: CallPicks, options: HookOptions = {}): () => void {
  const { http = true, undici = true } = options;
  const undo: (() => void)[] = [];
  if (http) undo.push(hookHTTP(router));
  if (undici) {
    try {
      undo.push(hookUndici(router, undici === true ? {} : undici));
    } catch (error) {
      for (const each of undo) each();
      throw error;
    }
  }
  return () => {
    for (const each of undo.splice(0)) each();
  };
}
