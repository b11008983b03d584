/** Serves the request that it is given and closes. Ends by itself at once, or its test fails. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createGateway } from '@graylane/gateway';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';

const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const place = { host: '127.0.0.1', port, weight: 1, zone: '', state: 'ready', metadata: {} } as const;
const gateway = createGateway({
  registry: memoryRegistry([{ id: 'one', service: 'shop', lane: 'stable', ...place }]),
  policy: memoryPolicy({ version: 1, lanes: {}, rules: [] }),
});
const address = await gateway.listen(0);

const socket = connect(address.port, '127.0.0.1');
socket.write(process.argv[2] ?? '');
const [answer] = (await once(socket, 'data')) as [Buffer];
const gone = once(socket, 'close');
await gateway.close();
await gone;
server.close();
server.closeAllConnections();
console.log(`answered ${answer.toString().slice(9, 12)}, closed`);
