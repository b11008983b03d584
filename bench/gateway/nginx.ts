import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerProgram } from '../load/server.ts';
import type { UpstreamPorts } from '../load/upstream.ts';

/** An nginx of one process that passes all on to the stable instance. */
export function nginx(path: string, { stable }: UpstreamPorts): ServerProgram {
  return {
    path,
    args: argsOf,
    configuration: (port, directory) =>
      configurationOf({ port, directory, behind: `server 127.0.0.1:${stable};`, location: '' }),
  };
}

/** The modules that nginx needs to run Lua: paths of those that it loads. Undefined where one is missing. */
export function findLua(path: string): readonly string[] | undefined {
  const { stderr } = spawnSync(path, ['-V'], { encoding: 'utf8' });
  if (/--add-module=\S*ngx_lua/.test(stderr)) return []; // OpenResty has it inside
  const directory = /--modules-path=(\S+)/.exec(stderr)?.[1] ?? '';
  const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'].map((name) => join(directory, name));
  return modules.every((module) => existsSync(module)) ? modules : undefined;
}

/** The same nginx, with the lane decided by `lanes.lua` and the instance chosen by it. */
export function nginxWithLua(path: string, modules: readonly string[], { stable, gray }: UpstreamPorts): ServerProgram {
  return {
    path,
    args: argsOf,
    configuration: (port, directory) =>
      configurationOf({
        port,
        directory,
        top: modules.map((module) => `load_module ${module};`).join('\n'),
        http: `lua_package_path "${fileURLToPath(new URL('.', import.meta.url))}?.lua;;";
  init_by_lua_block { lanes = require "lanes" }`,
        behind: `server 0.0.0.1;
    balancer_by_lua_block { lanes.balance(${stable}, ${gray}) }`,
        location: 'rewrite_by_lua_block { lanes.decide() }',
      }),
  };
}

function argsOf(file: string, directory: string): readonly string[] {
  return ['-p', directory, '-e', 'stderr', '-c', file];
}

/** What differs between the two. */
interface Parts {
  readonly port: number;
  readonly directory: string;
  readonly top?: string;
  readonly http?: string;
  readonly behind: string;
  readonly location: string;
}

function configurationOf({ port, directory, top = '', http = '', behind, location }: Parts): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${top}
daemon off;
master_process off;
pid ${directory}/pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  ${http}
  upstream behind {
    ${behind}
    keepalive 64;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      ${location}
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
