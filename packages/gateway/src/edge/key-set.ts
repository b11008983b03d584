import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** How the keys of an issuer are fetched. */
export interface KeySetOptions {
  readonly url: string;
  /** The longest that anybody waits for a fetch, in milliseconds. */
  readonly timeoutMs: number;
  /** The least time between two fetches, also after one that failed: an unknown key id asks for no more. */
  readonly cooldownSeconds: number;
  /** After this time keys are fetched anew, in the background. */
  readonly maxAgeSeconds: number;
  /** Told when keys cannot be fetched; those from before stay. */
  readonly onError: (error: Error) => void;
  /** Milliseconds of a clock that does not go back. Default `performance.now`. */
  readonly now?: () => number;
}

/** Keys are not known and cannot be fetched: nothing can be said of a token. */
export class KeysUnavailable extends Error {}

const MAX_BYTES = 1024 * 1024;

/**
 * The keys at a JWKS URL (RFC 7517). They are fetched when first asked for, when they are old, and when a token names a key
 * that is not among them, as it is after a rotation. jose's own `createRemoteJWKSet` does the same but forgets keys that
 * are old when the URL is down, and then lets every request wait for another attempt.
 */
export function remoteKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { cooldownSeconds, maxAgeSeconds, onError, now = () => performance.now() } = options;
  let keys: JWTVerifyGetKey | undefined;
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let underWay: Promise<void> | undefined;

  const fetchNow = async (): Promise<void> => {
    triedAt = now();
    try {
      keys = createLocalJWKSet(await fetchKeys(options));
      fetchedAt = now();
    } catch (cause) {
      onError(new Error(`${options.url} gave no keys: ${(cause as Error).message}`, { cause }));
    } finally {
      underWay = undefined;
    }
  };
  /** Fetches unless that was just tried; whoever comes while it is under way waits with the others. */
  const refresh = (): Promise<void> => {
    if (underWay) return underWay;
    if (now() - triedAt < cooldownSeconds * 1_000) return Promise.resolve();
    underWay = fetchNow();
    return underWay;
  };

  return async (header, token) => {
    if (!keys) await refresh();
    else if (now() - fetchedAt > maxAgeSeconds * 1_000) void refresh();
    if (!keys) throw new KeysUnavailable();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      return keys(header, token);
    }
  };
}

async function fetchKeys({ url, timeoutMs }: KeySetOptions): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as JSONWebKeySet;
}
