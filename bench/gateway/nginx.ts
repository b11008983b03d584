import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Process, startProgram } from '../load/processes.ts';
import { ask } from '../load/requests.ts';

/** Starts an nginx of one process that passes all on to a port. */
export async function startNginx(
  nginx: string,
  upstream: number,
  core: string | undefined,
): Promise<Process & { readonly port: number }> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'graylane-bench-nginx-'));
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(configuration, configurationOf(directory, port, upstream));
  const { pid, stop } = startProgram([nginx, '-p', directory, '-e', 'stderr', '-c', configuration], core);
  for (let waited = 0; waited < 100; waited++) {
    const answers = await ask(port, { path: '/', headers: [['Host', 'localhost']] }).catch(() => undefined);
    if (answers) break;
    await sleep(20);
  }
  const stopAndRemove = async (): Promise<void> => {
    await stop();
    rmSync(directory, { recursive: true });
  };
  return { pid, port, stop: stopAndRemove };
}

function configurationOf(directory: string, port: number, upstream: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${directory}/pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  upstream behind { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
