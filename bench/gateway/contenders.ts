import { type Process, startScript } from '../load/processes.ts';
import type { Contender } from '../load/rounds.ts';
import type { UpstreamPorts } from '../load/upstream.ts';
import { CORES, findProgram } from '../machine.ts';
import { checkLanes, checkProxy } from './checks.ts';
import { startNginx } from './nginx.ts';

/** The name of our gateway with its rules, and of the library that it is compared with. */
export const OURS = 'graylane, 10 rules and a split';
export const WITHOUT_RULES = 'graylane, no rules';
export const BASE = 'fast-proxy (undici)';

/** Everything that is measured, and what cannot be here. */
export function contendersFor(
  ports: UpstreamPorts,
  profile: string | undefined,
): { contenders: Contender[]; notes: string[] } {
  const core = CORES?.measured;
  const script = async (name: string, ...args: string[]): Promise<Process & { readonly port: number }> => {
    const path = new URL(`contenders/${name}.ts`, import.meta.url);
    const { pid, ready, stop } = await startScript<number>(path, args, {
      core,
      profile: profile && `${profile}/${name}`,
    });
    return { pid, port: ready, stop };
  };
  const [stable, gray] = [String(ports.stable), String(ports.gray)];
  const nginx = findProgram('nginx');
  const contenders: Contender[] = [
    { name: OURS, start: () => script('graylane', stable, gray, 'rules'), check: checkLanes },
    { name: WITHOUT_RULES, start: () => script('graylane', stable, gray, 'none'), check: checkProxy },
    { name: BASE, start: () => script('fast-proxy', stable), check: checkProxy },
    { name: '@fastify/reply-from', start: () => script('reply-from', stable), check: checkProxy },
    { name: 'http-proxy', start: () => script('http-proxy', stable), check: checkProxy },
  ];
  if (nginx) contenders.push({ name: 'nginx', start: () => startNginx(nginx, ports.stable, core), check: checkProxy });
  return { contenders, notes: nginx ? [] : ['nginx skipped: nginx is not installed (apt-get install nginx)'] };
}
