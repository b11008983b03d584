import { startGateway } from '../../test/wire/gateway.ts';
import type { Setting } from '../../test/wire/run.ts';
import { RawUpstream } from '../../test/wire/upstream.ts';
import { type ServerProgram, startServer } from '../load/server.ts';
import { findProgram } from '../machine.ts';

/** A proxy that the cases are played against. */
export interface Contender {
  readonly name: string;
  /** Undefined where it is not installed. */
  readonly start: (() => Promise<Setting & { close(): Promise<void> }>) | undefined;
}

/** Ours first. The others are set up as people do it, and to keep connections to the upstream. */
export const PROXIES: readonly Contender[] = [
  { name: 'graylane', start: startGateway },
  { name: 'nginx', start: starter('nginx', nginxFile, (file) => ['-e', 'stderr', '-c', file]) },
  { name: 'haproxy', start: starter('haproxy', haproxyFile, (file) => ['-q', '-db', '-f', file]) },
];

type FileText = (port: number, directory: string, upstream: number) => string;

function starter(program: string, text: FileText, args: ServerProgram['args']): Contender['start'] {
  const path = findProgram(program);
  if (!path) return undefined;
  return async () => {
    const upstream = new RawUpstream();
    const behind = await upstream.listen('stable');
    const configuration: ServerProgram['configuration'] = (port, directory) => text(port, directory, behind);
    const { port, stop } = await startServer({ path, args, configuration }, undefined);
    return {
      port,
      upstream,
      async close() {
        await stop();
        await upstream.close();
      },
    };
  };
}

function nginxFile(port: number, directory: string, upstream: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${directory}/pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
  access_log off;
  client_max_body_size 100m;
  lingering_close off;
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  upstream behind { server 127.0.0.1:${upstream} max_fails=0; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_next_upstream off;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
}

function haproxyFile(port: number, _: string, upstream: number): string {
  return `global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  http-reuse always
  retries 0
  option forwardfor
frontend wire
  bind 127.0.0.1:${port}
  default_backend behind
backend behind
  server one 127.0.0.1:${upstream}
`;
}
