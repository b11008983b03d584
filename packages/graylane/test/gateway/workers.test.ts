import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { run } from '../run.ts';
import { startLoad } from './load.ts';
import { ask, askUntil, filesWith, instancesFile, metric, startGateway, startInstance } from './stage.ts';

const CONFIG =
  'listen: 0\nadmin: 0\nregistry: instances.yaml\npolicy: policy.yaml\nworkers: 2\nroutes: [{ service: cart }]\n';
const SERVED = 'graylane_gateway_requests_total{service="cart",lane="stable",served_by="stable",code="200"}';

interface Status {
  readonly ready: boolean;
  readonly workers: readonly { readonly pid: number; readonly ready?: boolean }[];
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidsOf = ({ workers }: Status): number[] => workers.map(({ pid }) => pid).toSorted();

async function startWorkers(config = CONFIG, ...args: readonly string[]) {
  const port = await startInstance();
  const path = filesWith({ 'instances.yaml': instancesFile(['stable', port]), 'gateway.yaml': config });
  const started = await startGateway(path('gateway.yaml'), ...args);
  const status = async (wanted: (status: Status) => boolean = () => true) =>
    askUntil<Status>(`${started.admin}/status`, wanted);
  return { ...started, path, status };
}

describe('a gateway with workers', () => {
  it('shares the work among them, and adds up what they count, also after they have ended', async () => {
    const { gateway, url, admin, status } = await startWorkers(CONFIG, '--drain', '100');
    const { workers, ready } = await status();
    expect([workers.length, ready]).toEqual([2, true]);
    for (let index = 0; index < 10; index++) expect((await ask(url)).status).toBe(200);
    expect(await metric(admin, SERVED)).toBe(10);
    expect(await metric(admin, 'graylane_instances{service="cart",lane="stable",state="ready"}')).toBe(1);
    gateway.child.kill('SIGUSR2');
    await gateway.until(/restarted with configuration/);
    const before = pidsOf({ workers, ready });
    const after = await status((now) => !pidsOf(now).some((pid) => before.includes(pid)));
    expect(after.workers.length).toBe(2);
    for (let index = 0; index < 5; index++) await ask(url);
    expect(await metric(admin, SERVED)).toBe(15);
    expect(await gateway.end('SIGTERM')).toBe(0);
  });

  it('finds a recent request, whichever of them had it', async () => {
    const { url, admin } = await startWorkers();
    for (let index = 0; index < 4; index++) await ask(url, { 'x-request-id': `r-${index}`, 'x-tester': '1' });
    for (let index = 0; index < 4; index++) {
      const { body } = await ask(`${admin}/explain/r-${index}`);
      expect(JSON.parse(body)).toMatchObject({ was: { servedBy: 'stable' }, now: { decision: { lane: 'gray' } } });
    }
    expect((await ask(`${admin}/explain/r-9`)).status).toBe(404);
  });

  it('replaces them all under load, and no connection is refused', async () => {
    const { gateway, url, status } = await startWorkers(CONFIG, '--drain', '300');
    const loads = [startLoad(url, 8), startLoad(url, 4, false)];
    const more = () => Promise.all(loads.map((load) => load.more(100)));
    await more();
    for (let round = 0; round < 3; round++) {
      const before = pidsOf(await status());
      gateway.child.kill('SIGUSR2');
      await status((now) => !pidsOf(now).some((pid) => before.includes(pid)));
      await more();
    }
    await gateway.until(/(restarted with configuration[\s\S]*){3}/);
    await Promise.all(loads.map((load) => load.stop()));
    expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it('ends what its clients have sent when it is to end', async () => {
    const { gateway, url, admin } = await startWorkers(CONFIG, '--drain', '1500');
    const load = startLoad(url, 8);
    await load.more(200);
    gateway.child.kill('SIGTERM');
    await askUntil<Status>(`${admin}/readyz`, ({ ready }) => !ready);
    await load.stop(); // as a load balancer does that has seen it
    expect(load.failures).toEqual([]);
    expect(await gateway.end('SIGCONT')).toBe(0);
  });

  it('does not start with a source that has no driver, and says so once', async () => {
    const path = filesWith({ 'gateway.yaml': CONFIG.replace('instances.yaml', 'redis://somewhere') });
    const { status, stderr } = await run(['gateway', '-c', path('gateway.yaml')]);
    expect(status).toBe(2);
    expect(stderr.match(/^GL_CONFIG_INVALID: No driver takes "redis:"/gm)).toHaveLength(1);
  });

  it('leaves no worker behind when the primary is killed', async () => {
    const { gateway, status } = await startWorkers();
    const pids = pidsOf(await status());
    await gateway.end('SIGKILL');
    while (pids.some(isThere)) await sleep(20);
  });

  it('starts another for one that was killed', async () => {
    const { gateway, url, status } = await startWorkers();
    const [victim = 0, other] = pidsOf(await status());
    process.kill(victim, 'SIGKILL');
    await gateway.until(new RegExp(`The worker ${victim} died`));
    expect((await ask(url)).status).toBe(200);
    const after = await status(({ workers }) => workers.length === 2);
    expect(pidsOf(after)).toContain(other);
    expect(pidsOf(after)).not.toContain(victim);
  });

  it('has all of them take over a new configuration, and on SIGHUP restarts them where it must', async () => {
    const { gateway, url, path, status } = await startWorkers(CONFIG, '--drain', '50');
    const elsewhere = CONFIG.replace('service: cart', 'path: /cart, service: cart');
    writeFileSync(path('gateway.yaml'), elsewhere);
    await gateway.until(/applied: routes$/m);
    for (let index = 0; index < 4; index++) expect((await ask(url)).status).toBe(404);
    writeFileSync(path('gateway.yaml'), elsewhere.replace('workers: 2', 'workers: 3'));
    await gateway.until(/nothing to apply; needs a restart: workers/);
    gateway.child.kill('SIGHUP');
    await status(({ workers }) => workers.length === 3);
    expect((await ask(`${url}/cart`)).status).toBe(200);
  });

  it('goes on with those it has when new ones cannot start', async () => {
    const { gateway, url, path, status } = await startWorkers();
    const before = pidsOf(await status());
    writeFileSync(path('gateway.yaml'), CONFIG.replace('instances.yaml', 'nothing.yaml'));
    await gateway.until(/needs a restart: registry/);
    gateway.child.kill('SIGUSR2');
    await gateway.until(/The workers before it go on/);
    expect(pidsOf(await status())).toEqual(before);
    expect((await ask(url)).status).toBe(200);
  }, 60_000);

  it('leaves an instance out in all of them when one could not reach it', async () => {
    const port = await startInstance();
    const gone = 1; // nobody listens at the port of tcpmux
    const path = filesWith({
      'instances.yaml': instancesFile(['stable', port], ['gray', gone]),
      'gateway.yaml': `${CONFIG}picks: { ejection: { baseMs: 60000, maxMs: 60000 } }\n`,
    });
    const { url, admin } = await startGateway(path('gateway.yaml'));
    const tester = { 'x-tester': '1' };
    await ask(url, tester); // one of them finds out
    const fallback = (because: string) =>
      metric(admin, `graylane_gateway_picks_total{service="cart",lane="gray",pick="fallback",because="${because}"}`);
    // Answers come behind what a worker told before: with the first the primary knows, with the second all do.
    for (let round = 0; round < 2; round++) await ask(`${admin}/status`);
    const before = await fallback('ejected');
    for (let index = 0; index < 10; index++) expect((await ask(url, tester)).status).toBe(200);
    expect(await fallback('ejected')).toBe(before + 10);
    expect(await metric(admin, 'graylane_gateway_refusals_total{code="GL_UPSTREAM_CONNECT"}')).toBe(0);
  });
});
