import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** What a server answered. */
export interface Called {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly json: any;
}

/** Makes one request on a connection of its own. A body that is no text is sent as JSON. */
export async function call(
  url: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Called> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, { method, headers, agent: false }, resolve).on('error', reject);
  outgoing.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  const response = await promise;
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const json = response.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : undefined;
  return { status: response.statusCode ?? 0, headers: response.headers, text, json };
}
