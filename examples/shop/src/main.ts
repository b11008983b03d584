import { parseArgs } from 'node:util';
import { runScenario } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import { GRAY_SERVICES, openShop, SERVICES } from './shop.ts';

const { values } = parseArgs({ options: { exit: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(
    'npm start -- [--exit]\n\nStarts the example shop and sends sample requests through it.\n  --exit  end after them, with status 0 if every chain was as expected',
  );
  process.exit(0);
}

const began = performance.now();
const shop = await openShop(values.exit ? { gateway: 0, registry: 0 } : { gateway: 8080, registry: 8700 });
try {
  await showShop();
} catch (error) {
  console.error(`\n${(error as Error).message}`);
  await shop.close();
  process.exit(1);
}

async function showShop(): Promise<void> {
  process.stdout.write('Starting a gateway, a registry, six services, and gray versions of cart and payment …');
  await Promise.all([
    ...SERVICES.map((service) => shop.start(service, 'stable')),
    ...GRAY_SERVICES.map((service) => shop.start(service, 'gray')),
  ]);
  console.log(` done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  let wrong = 0;
  for (const scenario of SCENARIOS) if (!(await runScenario(shop, scenario))) wrong++;
  console.log(
    wrong === 0
      ? `\nAll ${SCENARIOS.length} chains were as expected.`
      : `\n${wrong} of ${SCENARIOS.length} chains were not as expected.`,
  );

  if (values.exit) {
    await shop.close();
    process.exit(wrong === 0 ? 0 : 1);
  }

  const { gatewayURL, registryURL } = shop.dev;
  console.log(`
The shop stays up; Ctrl-C ends it. Try:
  curl ${gatewayURL}/
  curl -H "x-tester: 1" ${gatewayURL}/
  curl -H "baggage: graylane=gray" ${gatewayURL}/       forged: it stays stable
  npm run graylane -- instances --registry ${registryURL}
Change examples/shop/policy.yaml, and the next request follows it.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void shop.close().then(() => process.exit(0)));
}
