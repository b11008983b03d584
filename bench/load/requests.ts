import { request as sendRequest } from 'node:http';

/** A request of a load: path and header lines in order, `Host` among them. */
export interface LoadRequest {
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request as it goes over the wire. */
export function toWire({ path, headers }: LoadRequest): string {
  return [`GET ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
}

/** Sends a request once, to see what comes back. */
export function ask(port: number, { path, headers }: LoadRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(
      { host: '127.0.0.1', port, path, agent: false, headers: headers.flat() },
      (response) => {
        let body = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end();
  });
}
