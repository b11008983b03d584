import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway } from '../../test/wire/gateway.ts';
import type { Setting } from '../../test/wire/run.ts';
import { RawUpstream } from '../../test/wire/upstream.ts';
import { startProgram } from '../load/processes.ts';
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
  { name: 'nginx', start: starter('nginx', 'nginx', nginxFile, (file) => ['-e', 'stderr', '-c', file]) },
  { name: 'haproxy', start: starter('haproxy', 'haproxy', haproxyFile, (file) => ['-q', '-db', '-f', file]) },
];

type FileText = (directory: string, port: number, upstream: number) => string;

function starter(name: string, program: string, text: FileText, args: (file: string) => string[]): Contender['start'] {
  const path = findProgram(program);
  if (!path) return undefined;
  return async () => {
    const upstream = new RawUpstream();
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), `graylane-wire-${name}-`));
    const file = join(directory, 'configuration');
    writeFileSync(file, text(directory, port, await upstream.listen('stable')));
    const { stop } = startProgram([path, ...args(file)], undefined);
    await listening(port);
    return {
      port,
      upstream,
      async close() {
        await stop();
        await upstream.close();
        rmSync(directory, { recursive: true });
      },
    };
  };
}

function nginxFile(directory: string, port: number, upstream: number): string {
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

function haproxyFile(_: string, port: number, upstream: number): string {
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

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await sleep(20);
  }
  throw new Error(`nobody listens on ${port}`);
}
