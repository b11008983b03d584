import { type Process, startScript } from '../load/processes.ts';
import type { Contender } from '../load/rounds.ts';
import { type ServerProgram, startServer } from '../load/server.ts';
import type { UpstreamPorts } from '../load/upstream.ts';
import { CORES, findProgram } from '../machine.ts';
import { checkLanes, checkProxy } from './checks.ts';
import { haproxy } from './haproxy.ts';
import { findLua, nginx, nginxWithLua } from './nginx.ts';

/** The name of our gateway with its rules, and of the library that it is compared with. */
export const OURS = 'graylane, 10 rules and a split';
export const WITHOUT_RULES = 'graylane, no rules';
export const BASE = 'fast-proxy (undici)';
export const LUA = 'nginx with Lua, the same rules';

/** Everything that is measured, and what cannot be here. */
export function contendersFor(
  ports: UpstreamPorts,
  profile: string | undefined,
): { contenders: Contender[]; notes: string[] } {
  const servers = serversFor(ports);
  return { contenders: [...librariesFor(ports, profile), ...servers.contenders], notes: servers.notes };
}

/** What runs in Node. */
function librariesFor(ports: UpstreamPorts, profile: string | undefined): Contender[] {
  const script = async (name: string, ...args: string[]): Promise<Process & { readonly port: number }> => {
    const path = new URL(`contenders/${name}.ts`, import.meta.url);
    const { pid, ready, stop } = await startScript<number>(path, args, {
      core: CORES?.measured,
      profile: profile && `${profile}/${[name, ...args.slice(2)].join('-')}`, // what comes behind the ports
    });
    return { pid, port: ready, stop };
  };
  const [stable, gray] = [String(ports.stable), String(ports.gray)];
  const group = 'graylane';
  return [
    { name: OURS, group, start: () => script('graylane', stable, gray, 'rules'), check: checkLanes },
    { name: WITHOUT_RULES, group, start: () => script('graylane', stable, gray, 'none'), check: checkProxy },
    { name: BASE, start: () => script('fast-proxy', stable), check: checkProxy },
    { name: '@fastify/reply-from', start: () => script('reply-from', stable), check: checkProxy },
    { name: 'http-proxy', start: () => script('http-proxy', stable), check: checkProxy },
    { name: '@fastify/http-proxy', start: () => script('fastify-http-proxy', stable), check: checkProxy },
  ];
}

/** What is a program of its own, as far as it is installed. */
function serversFor(ports: UpstreamPorts): { contenders: Contender[]; notes: string[] } {
  const contenders: Contender[] = [];
  const notes: string[] = [];
  const add = (name: string, program: ServerProgram | undefined, check: Contender['check'], install: string): void => {
    if (program) contenders.push({ name, start: () => startServer(program, CORES?.measured), check });
    else notes.push(`${name} skipped: it is not installed (apt-get install ${install})`);
  };
  const [nginxPath, haproxyPath] = [findProgram('nginx'), findProgram('haproxy')];
  const modules = nginxPath && findLua(nginxPath);
  add('nginx', nginxPath ? nginx(nginxPath, ports) : undefined, checkProxy, 'nginx');
  add(
    LUA,
    nginxPath && modules ? nginxWithLua(nginxPath, modules, ports) : undefined,
    checkLanes,
    'nginx libnginx-mod-http-lua',
  );
  add('haproxy, the same rules', haproxyPath ? haproxy(haproxyPath, ports) : undefined, checkLanes, 'haproxy');
  return { contenders, notes };
}
