// An embedded registry on a given port.
import { createRegistryServer } from '@graylane/sources/registry-server';
import { SETTINGS, tell } from './settings.ts';

process.on('disconnect', () => process.exit());
const registry = createRegistryServer({ ttlMs: SETTINGS.ttlMs, heartbeatMs: 500 });
tell({ kind: 'up', address: await registry.listen({ port: Number(process.env.PORT) }) });
