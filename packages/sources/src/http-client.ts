import type { Agent, IncomingMessage } from 'node:http';
import { GraylaneError } from '@graylane/core';

// Not by `import`: loaded early, that would keep OpenTelemetry's loader from patching named imports of node:http later.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

/** How to reach an HTTP service of ours. */
export interface HttpClientOptions {
  /** `http://registry:8700`; a path is kept as a prefix. Credentials in it are refused. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. Default: none. */
  readonly token?: string;
}

/** A request to make. */
export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Relative to the URL: `v1/watch`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** An answer in full. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** What a request ends with that another connection will serve; all of ours may be made twice. */
const STALE = new Error('the connection was closed');

const MAX_REPLY_BYTES = 1024 * 1024;

/**
 * Requests over `node:http` with connections of its own, so that they share neither fate nor limits with those of the
 * application. Hooks of ours let them pass, for no registry knows the registry's own host.
 */
export class HttpClient {
  /** The URL without a slash at its end; holds no secret. */
  readonly name: string;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws GraylaneError `GL_CONFIG_INVALID` when the URL or the token cannot be used */
  constructor({ url, token }: HttpClientOptions) {
    this.#base = readUrl(url);
    this.name = this.#base.href.replace(/\/$/, '');
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new GraylaneError(
        'GL_CONFIG_INVALID',
        `The token for ${this.name} has characters that no header can carry`,
      );
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#agent = new (this.#base.protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  }

  /**
   * Makes a request and resolves to its response as soon as the headers are there.
   *
   * @throws GraylaneError `GL_REGISTRY_UNAVAILABLE` when there is no response
   */
  async open(call: Call): Promise<IncomingMessage> {
    try {
      return await this.#send(call).catch((error) => {
        if (error === STALE) return this.#send(call);
        throw error;
      });
    } catch (error) {
      const why = call.signal.aborted ? 'no answer in time' : (error as Error).message;
      throw new GraylaneError('GL_REGISTRY_UNAVAILABLE', `${this.name} cannot be reached: ${why}`, { cause: error });
    }
  }

  /** Makes a request and resolves to the whole answer, whatever its status. */
  async call(call: Call): Promise<Reply> {
    return readReply(await this.open(call));
  }

  /** The error that an answer other than the expected ones stands for. */
  refusal({ status, text }: Reply): GraylaneError {
    const said = messageIn(text);
    const why = said === undefined ? '' : `: ${said}`;
    return new GraylaneError('GL_REGISTRY_REFUSED', `${this.name} answered ${status}${why}`);
  }

  /** Sends a request. Rejects with {@link STALE} when it met a kept connection just when the server closed it. */
  #send({ method, path, body, headers, signal }: Call): Promise<IncomingMessage> {
    const url = new URL(path, this.#base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = text === undefined ? undefined : { 'content-type': 'application/json' };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const all = { ...this.#headers, ...type, ...headers };
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      { method, agent: this.#agent, headers: all, signal },
      resolve,
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      reject(request.reusedSocket && error.code === 'ECONNRESET' ? STALE : error);
    });
    request.end(text);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Reads a response to its end, which must not be far. */
export async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) throw new GraylaneError('GL_REGISTRY_REFUSED', 'An answer is longer than any of ours');
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** What a refusal of ours says in its body; that of another server is not shown. */
function messageIn(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text).error.message;
    return typeof message === 'string' ? message.slice(0, 2_000) : undefined;
  } catch {
    return undefined;
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const web = url && (url.protocol === 'http:' || url.protocol === 'https:');
  if (!web) throw new GraylaneError('GL_CONFIG_INVALID', 'The URL of a registry must begin with http:// or https://');
  if (url.username !== '' || url.password !== '')
    throw new GraylaneError('GL_CONFIG_INVALID', `The URL of ${url.host} has credentials: give a token instead`);
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
