// Our gateway. Arguments: the upstream's ports, and which rules.
import { parseInstances } from '@graylane/core';
import { createGateway } from '@graylane/gateway';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { isReady } from '../../load/processes.ts';
import { RULES } from '../traffic.ts';

const [stable, gray, rules] = process.argv.slice(2);
const instances = parseInstances([
  { service: 'shop', host: '127.0.0.1', port: Number(stable) },
  { service: 'shop', host: '127.0.0.1', port: Number(gray), lane: 'gray' },
]);
const gateway = createGateway({
  registry: memoryRegistry(instances),
  policy: memoryPolicy({ version: 1, lanes: { gray: {} }, ...(rules === 'rules' && RULES) }),
  routes: [{ service: 'shop' }],
});
isReady((await gateway.listen(0)).port);
