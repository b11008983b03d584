// A gateway in front of the service `front`.
import { createGateway } from '@graylane/gateway';
import { memoryPolicy } from '@graylane/sources';
import { httpRegistry } from '@graylane/sources/http';
import { reportKnown } from './known.ts';
import { SETTINGS, tell } from './settings.ts';

process.on('disconnect', () => process.exit());
const registry = httpRegistry({
  url: process.env.REGISTRY as string,
  stateDirectory: process.env.STATE as string,
  ...SETTINGS.kept,
});
reportKnown(registry);
const gateway = createGateway({
  registry,
  policy: memoryPolicy({
    version: 1,
    lanes: { gray: {} },
    rules: [{ name: 'testers', when: { fact: 'header.x-tester', equals: '1' }, lane: 'gray' }],
  }),
  routes: [{ path: '/', service: 'front' }],
  onExchange: ({ status, requestID = '', pick }) => {
    const address = pick && 'instance' in pick ? pick.instance.id : undefined;
    if (status !== 200) tell({ kind: 'refused', requestID, address });
  },
  picks: { settleMs: SETTINGS.settleMs, ejection: SETTINGS.ejection },
});
const { address, port } = await gateway.listen(0);
tell({ kind: 'up', address: `http://${address}:${port}` });
