import { Agent, type request as sendRequest } from 'node:http';

/** The clients that a service may call others with. */
export const CLIENTS = ['node:http', 'undici.request', 'fetch', 'got'] as const;

export type ClientName = (typeof CLIENTS)[number];

/** Calls a URL and resolves with the body. */
export type Client = (url: string) => Promise<string>;

/** A client by its name. Loaded only when asked for, and after whatever wants to hook it. */
export async function openClient(name: ClientName): Promise<Client> {
  switch (name) {
    case 'node:http':
      return viaHTTP(process.getBuiltinModule('http').request);
    case 'undici.request': {
      const { request } = await import('undici');
      return async (url) => (await request(url)).body.text();
    }
    case 'fetch':
      return async (url) => (await fetch(url)).text();
    case 'got': {
      const { default: got } = await import('got');
      const kept = got.extend({ agent: { http: new Agent({ keepAlive: true }) }, retry: { limit: 0 } });
      return (url) => kept(url).text();
    }
  }
}

/** `request` is taken from the module when it is needed: an instrumentation may have replaced it. */
function viaHTTP(request: typeof sendRequest): Client {
  const agent = new Agent({ keepAlive: true });
  return (url) =>
    new Promise((resolve, reject) => {
      const call = request(url, { agent }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve(body));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end();
    });
}
