import { writeFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { describeStatus } from '../../src/operate/describe-status.ts';
import { createMetrics, formatMetrics } from '../../src/operate/metrics.ts';
import { createAuthority, startListening, temporary } from '../inbound/listening.ts';
import { eventually } from '../stage.ts';

it('status and metrics say of a listener with TLS when its certificates end, and what is wrong with their files', async () => {
  const authority = await createAuthority(await temporary());
  const shop = await authority.issue('shop', 'shop.test', 'www.shop.test');
  const tls = { certificates: [shop, await authority.issue('api', 'api.test')], pollMs: 20 };
  const { gateway, port, at } = await startListening([], { tls });
  const metrics = createMetrics();
  metrics.follow(gateway);
  const lines = async (): Promise<string[]> =>
    (await formatMetrics(await metrics.values()))
      .split('\n')
      .filter((line) => /^graylane_gateway_(tls|cert)/.test(line));
  const listener = `listener="127.0.0.1:${at}"`;
  const expiry = (name: string) =>
    expect.stringMatching(
      new RegExp(`^graylane_gateway_certificate_expiry_seconds\\{${listener},name="${name}"\\} \\d{10}$`),
    );

  expect((await lines()).toSorted()).toEqual([
    expiry('api.test'),
    expiry('shop.test'),
    `graylane_gateway_tls_error{${listener}} 0`,
  ]);
  const ends = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  const certificates = [
    { name: 'shop.test', expires: ends },
    { name: 'api.test', expires: ends },
  ];
  expect(describeStatus(gateway)).toMatchObject({
    listeners: [{ address: `127.0.0.1:${port}` }, { address: `127.0.0.1:${at}`, certificates }],
  });

  await writeFile(shop.key, 'nothing');
  await eventually(() => gateway.status().listeners[1]?.tlsError !== undefined, 'an error');
  expect(describeStatus(gateway)).toMatchObject({
    listeners: [{}, { certificates, tlsError: expect.stringContaining('shop.key') }],
  });
  expect(await lines()).toContain(`graylane_gateway_tls_error{${listener}} 1`);
});
