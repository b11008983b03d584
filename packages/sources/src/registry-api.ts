import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, GraylaneError, isGraylaneError } from '@graylane/core';
import { type RegistrationLimits, readJson, readRegistration } from './registration-body.ts';
import type { InstanceStore } from './registry-store.ts';
import type { Watchers } from './registry-watchers.ts';

/** What the API of an embedded registry lets in. */
export interface ApiOptions extends RegistrationLimits {
  /** What callers must present as `Authorization: Bearer …`. Without it everyone may read and write. */
  readonly token?: string;
}

/** What the API works on. */
export interface ApiParts {
  readonly store: InstanceStore;
  readonly watchers: Watchers;
  readonly options: ApiOptions;
}

/** A request on its way to an answer. */
interface Exchange extends ApiParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** From the path; empty where it names none. */
  readonly service: string;
  readonly id: string;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers, or takes the response over and answers nothing. */
type Handler = (exchange: Exchange) => Answer | undefined | Promise<Answer>;

const ROUTES: readonly { readonly path: RegExp; readonly methods: Readonly<Record<string, Handler>> }[] = [
  { path: /^\/v1\/instances$/, methods: { GET: list } },
  { path: /^\/v1\/watch$/, methods: { GET: watch } },
  { path: /^\/v1\/services\/([^/]+)\/instances\/([^/]+)$/, methods: { PUT: put, DELETE: remove } },
  { path: /^\/v1\/services\/([^/]+)\/instances\/([^/]+)\/heartbeat$/, methods: { POST: renew } },
  { path: /^\/healthz$/, methods: { GET: () => ({ status: 200, body: { status: 'ok' } }) } },
];

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/**
 * Serves one request of the registry's API. Never rejects.
 *
 * - `PUT /v1/services/{service}/instances/{id}`: creates or replaces. Body: `host`, `port`, and if wanted `lane`,
 *   `weight`, `zone`, `state`, `metadata`, `ttlMs`. 200 with the `ttlMs` that holds; 507 when a limit is reached.
 * - `POST …/{id}/heartbeat`: lives for another `ttlMs`. 204, or 404 when it must be put again.
 * - `DELETE …/{id}`: leaves on purpose. 204, or 404.
 * - `GET /v1/instances[?service=]`: `{ epoch, revision, instances }`.
 * - `GET /v1/watch`: server-sent events, each with the id `epoch:revision`: first `sync` `{ ageMs, instances }`, then
 *   `change` `{ service, instances, left }`; with `Last-Event-ID` only the changes since, when they are still known.
 *   The header `graylane-heartbeat-ms` says how often at least something is sent.
 * - `GET /healthz`: 200, without a token.
 *
 * Refusals have the body `{ error: { code, message, issues } }`.
 */
export async function serveRegistry(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ApiParts,
): Promise<void> {
  const answer = await handle(request, response, parts).catch(refusalOf);
  if (!answer || response.destroyed) return;
  const { status, body, headers } = answer;
  // A request that was not read to its end cannot be followed by another one on the same connection.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(status, { 'cache-control': 'no-store', ...(body !== undefined && JSON_TYPE), ...headers });
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ApiParts,
): Promise<Answer | undefined> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  if (request.headers.origin !== undefined) throw new Refusal(403, 'This is not for pages in browsers.');
  if (path !== '/healthz') authorize(request, parts.options.token);
  for (const route of ROUTES) {
    const match = route.path.exec(path);
    if (!match) continue;
    const handler = route.methods[request.method ?? ''];
    if (!handler) throw wrongMethod(request, Object.keys(route.methods).join(', '));
    const [service = '', id = ''] = match.slice(1).map(decode);
    return handler({ ...parts, request, response, query: new URLSearchParams(query), service, id });
  }
  throw new Refusal(404, 'There is nothing here: see /v1/instances, /v1/watch, /v1/services/{service}/instances/{id}.');
}

function list({ store, query }: Exchange): Answer {
  const { epoch, revision } = store;
  return { status: 200, body: { epoch, revision, instances: store.list(query.get('service') ?? undefined) } };
}

function watch({ watchers, request, response }: Exchange): undefined {
  if (watchers.full) throw new Refusal(503, 'As many watch this registry as it serves.');
  const last = request.headers['last-event-id'];
  watchers.add(response, typeof last === 'string' ? last : undefined);
}

async function put({ request, service, id, store, options }: Exchange): Promise<Answer> {
  const { instance, ttlMs } = readRegistration(await readJson(request, options.bodyBytes), service, id, options);
  const full = store.put(instance, ttlMs);
  if (full === 'instances') throw new Refusal(507, 'This registry holds as many instances as it may.');
  if (full) throw new Refusal(507, `"${service}" has as many instances as a service may have here.`);
  return { status: 200, body: { ttlMs } };
}

function remove({ service, id, store }: Exchange): Answer {
  if (!store.remove(service, id)) throw new Refusal(404, `No instance "${id}" of "${service}" is known here.`);
  return { status: 204 };
}

function renew({ service, id, store }: Exchange): Answer {
  if (!store.renew(service, id)) throw new Refusal(404, `No instance "${id}" of "${service}" is known here.`);
  return { status: 204 };
}

/** Compares hashes, so that neither the time nor the length of the comparison says anything of the token. */
function authorize(request: IncomingMessage, token: string | undefined): void {
  if (token === undefined) return;
  const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (timingSafeEqual(hash(presented), hash(token))) return;
  const detail = presented === '' ? 'A token is needed: Authorization: Bearer …' : 'The token is wrong.';
  throw new Refusal(401, detail, { 'www-authenticate': 'Bearer' });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(400, 'The path is no percent-encoded UTF-8.');
  }
}

function wrongMethod(request: IncomingMessage, allow: string): Refusal {
  return new Refusal(405, `This takes ${allow}, not ${request.method}.`, { allow });
}

/** A refusal that becomes an answer of this status. */
class Refusal extends GraylaneError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super('GL_REGISTRY_REFUSED', detail);
    this.status = status;
    this.headers = headers;
  }
}

const STATUS: { readonly [code in ErrorCode]?: number } = { GL_INSTANCES_INVALID: 400, GL_BODY_TOO_LARGE: 413 };

function refusalOf(error: unknown): Answer {
  if (!isGraylaneError(error)) {
    const broken = { code: 'GL_REGISTRY_REFUSED', message: 'The registry failed to answer.', issues: [] };
    return { status: 500, body: { error: broken } };
  }
  const { code, message, issues } = error;
  const { status, headers } = error instanceof Refusal ? error : { status: STATUS[code] ?? 500, headers: {} };
  return { status, body: { error: { code, message, issues } }, headers };
}
