import { writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { startLoad } from './load.ts';
import { ask, askUntil, filesWith, instancesFile, startGateway, startInstance } from './stage.ts';

const CONFIG = 'listen: 0\nadmin: 0\nregistry: instances.yaml\npolicy: policy.yaml\n';

interface Status {
  readonly ready: boolean;
  readonly configuration: { readonly revision: string };
}

describe('a gateway whose configuration file changes', () => {
  it('goes over to it, and no request fails', async () => {
    const port = await startInstance();
    const path = filesWith({
      'instances.yaml': instancesFile(['stable', port]),
      'gateway.yaml': `${CONFIG}routes: [{ path: /, service: cart }]\n`,
    });
    const { gateway, url, admin } = await startGateway(path('gateway.yaml'));
    const load = startLoad(url, 8);
    await load.more(200);
    for (let index = 0; index < 5; index++) {
      const extra = `  - { path: /${index}, service: absent }\n`;
      const before = JSON.parse((await ask(`${admin}/status`)).body) as Status;
      writeFileSync(
        path('gateway.yaml'),
        `${CONFIG}routes:\n  - { path: /, service: cart }\n${extra}timeouts: { answerMs: ${5_000 + index} }\n`,
      );
      await askUntil<Status>(
        `${admin}/status`,
        ({ configuration }) => configuration.revision !== before.configuration.revision,
      );
      expect((await ask(`${url}/${index}`)).status).toBe(502);
      await load.more(200);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(gateway.printed.stderr).toMatch(/: applied: routes(, timeouts)?|applied: timeouts, routes/);
  });

  it('says what needs a restart, refuses what is bad, and reads it again on SIGHUP', async () => {
    const path = filesWith({ 'instances.yaml': '[]', 'gateway.yaml': CONFIG });
    const { gateway, url } = await startGateway(path('gateway.yaml'));
    writeFileSync(path('gateway.yaml'), CONFIG.replace('listen: 0', 'listen: 1\nlimits: { bodyBytes: 5 }'));
    await gateway.until(/applied: limits\.bodyBytes; needs a restart: listen/);
    writeFileSync(path('gateway.yaml'), 'rotues: []\n');
    await gateway.until(/GL_CONFIG_INVALID: .*\n.*rotues: unknown field/);
    writeFileSync(path('gateway.yaml'), `${CONFIG}passes: { keys: [{ file: missing.key }] }\n`);
    await gateway.until(/GL_CONFIG_INVALID: .*\n.*missing\.key/);
    expect((await ask(url, { host: 'cart' })).status).toBe(502);
    writeFileSync(path('gateway.yaml'), CONFIG);
    await gateway.until(/configuration [0-9a-f]+: applied: limits\.bodyBytes$/m);
    gateway.child.kill('SIGHUP');
    await gateway.until(/configuration [0-9a-f]+: nothing to apply$/m);
    gateway.child.kill('SIGUSR2');
    await gateway.until(/Nothing is restarted/);
  });
});

describe('a gateway that is to end', () => {
  it('ends what its clients have sent, and no request fails', async () => {
    const port = await startInstance((_, response) => setTimeout(() => response.end('ok'), 5));
    const path = filesWith({
      'instances.yaml': instancesFile(['stable', port]),
      'gateway.yaml': `${CONFIG}routes: [{ service: cart }]\n`,
    });
    const { gateway, url, admin } = await startGateway(path('gateway.yaml'), '--drain', '1500');
    const load = startLoad(url, 8);
    await load.more(200);
    gateway.child.kill('SIGTERM');
    await askUntil<Status>(`${admin}/readyz`, ({ ready }) => !ready);
    await load.stop(); // as a load balancer does that has seen it
    expect(load.failures).toEqual([]);
    expect(await gateway.end('SIGCONT')).toBe(0);
  });

  it('gives its place to the next one that listens beside it', async () => {
    const port = await startInstance();
    const config = (at: string) =>
      `listen: { address: ${at}, reusePort: true }\nadmin: 0\nregistry: instances.yaml\npolicy: policy.yaml\nroutes: [{ service: cart }]\n`;
    const path = filesWith({ 'instances.yaml': instancesFile(['stable', port]), 'first.yaml': config('0') });
    const first = await startGateway(path('first.yaml'), '--drain', '500');
    writeFileSync(path('next.yaml'), config(new URL(first.url).port));
    const load = startLoad(first.url, 4);
    await load.more(100);
    const next = await startGateway(path('next.yaml'));
    expect(next.url).toBe(first.url);
    expect(await first.gateway.end('SIGTERM')).toBe(0);
    await load.more(100);
    await load.stop();
    expect(load.failures).toEqual([]);
  });
});
