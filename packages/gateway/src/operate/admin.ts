import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isGraylaneError } from '@graylane/core';
import type { AdminAnswers } from './admin-answers.ts';
import { createGuard } from './admin-guard.ts';
import type { LiveExplanation } from './live-explanation.ts';
import { formatMetrics, METRICS_TYPE } from './metrics.ts';

/** How an admin server is. */
export interface AdminOptions {
  /** Wanted as `Authorization: Bearer …` for all but the probes. Default: nobody is asked. */
  readonly token?: string | undefined;
  /** Writes an explanation for people, for `Accept: text/plain`. Default: it is JSON for everybody. */
  readonly formatExplanation?: (explanation: LiveExplanation) => string;
}

/** The largest request to explain, in bytes. */
const MAX_BODY = 65_536;

/** What is answered: a status, and a text of a content type. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ENDPOINTS = {
  'GET /healthz': 'whether the process lives',
  'GET /readyz': 'whether it should get requests',
  'GET /status': 'what it knows, and how fresh that is',
  'GET /metrics': 'for Prometheus',
  'POST /explain': 'why a request would have its lane; the body is a line of spec/requests.md',
  'GET /explain/REQUEST-ID': 'what happened to a request with this X-Request-ID, and what would happen now',
};

/**
 * Answers probes and questions about a gateway, on a port of its own so that no path of the applications is taken.
 * `GET /` lists what can be asked.
 */
export function createAdminServer(answers: AdminAnswers, options: AdminOptions = {}): Server {
  const mayAsk = options.token === undefined ? () => true : createGuard(options.token);
  return createServer({ insecureHTTPParser: false, requestTimeout: 10_000 }, async (request, response) => {
    try {
      send(response, await answerTo(answers, options, mayAsk, request));
    } catch (error) {
      send(response, json(500, { error: (error as Error).message }));
    }
  });
}

async function answerTo(
  answers: AdminAnswers,
  options: AdminOptions,
  mayAsk: (authorization: string | undefined) => boolean,
  request: IncomingMessage,
): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] as string;
  const wanted = path === '/explain' ? ['POST'] : ['GET', 'HEAD'];
  if (!wanted.includes(request.method ?? '')) {
    return { ...json(405, { error: `Use ${wanted.join(' or ')}.` }), headers: { allow: wanted.join(', ') } };
  }
  if (path === '/healthz') return json(200, { ok: true });
  if (path === '/readyz') {
    const readiness = await answers.readiness();
    return json(readiness.ready ? 200 : 503, readiness);
  }
  if (!mayAsk(request.headers.authorization)) {
    const error = 'Show the admin token: Authorization: Bearer TOKEN.';
    return { ...json(401, { error }), headers: { 'www-authenticate': 'Bearer realm="graylane"' } };
  }
  if (path === '/') return json(200, ENDPOINTS);
  if (path === '/status') return json(200, await answers.status());
  if (path === '/metrics')
    return { status: 200, type: METRICS_TYPE, text: await formatMetrics(await answers.metrics()) };
  if (path === '/explain') return explainBody(answers, options, request);
  const [, encoded] = /^\/explain\/([^/]+)$/.exec(path) ?? [];
  if (encoded !== undefined) return explainRequestID(answers, encoded);
  return json(404, { error: 'There is no such thing; GET / lists what there is.' });
}

async function explainBody(
  answers: AdminAnswers,
  { formatExplanation }: AdminOptions,
  request: IncomingMessage,
): Promise<Answer> {
  const text = await readBody(request);
  if (text === undefined) return json(413, { error: `A request to explain has at most ${MAX_BODY} bytes.` });
  let explanation: LiveExplanation | undefined;
  try {
    explanation = await answers.explain(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return json(400, { error: 'The body is no JSON.' });
    if (isGraylaneError(error, 'GL_CONFIG_INVALID')) return json(400, { error: error.message });
    throw error;
  }
  if (!explanation) return json(503, { error: 'No policy is known yet.' });
  if (formatExplanation && /\btext\/plain\b/.test(request.headers.accept ?? ''))
    return { status: 200, type: 'text/plain; charset=utf-8', text: `${formatExplanation(explanation)}\n` };
  return json(200, explanation);
}

async function explainRequestID(answers: AdminAnswers, encoded: string): Promise<Answer> {
  const explanation = await answers.recent(decode(encoded));
  return explanation ? json(200, explanation) : json(404, { error: 'It is not among the last requests.' });
}

/** The body as text; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks).toString();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', text: `${JSON.stringify(value, null, 2)}\n` };
}

function send(response: ServerResponse, { status, type, text, headers = {} }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}
