import { createGateway, type ExchangeRecord, type Gateway } from '@graylane/gateway';
import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { httpUpstream } from '../../packages/gateway/src/upstream/http-upstream.ts';
import type { Setting } from './run.ts';
import { RawUpstream } from './upstream.ts';

/** Our gateway before a raw upstream with the lanes stable and gray. */
export interface GatewaySetting extends Setting {
  /** How many requests it has handed to the upstream since the last time this was asked. */
  accepted(): number;
  close(): Promise<void>;
}

/** Who sends `x-tester: 1` is gray. */
const POLICY = {
  version: 1,
  lanes: { gray: {} },
  rules: [{ name: 'testers', when: { fact: 'header.x-tester', equals: '1' }, lane: 'gray' }],
};

/** Starts a gateway that trusts nobody and sends everything to one service. */
export async function startGateway(): Promise<GatewaySetting> {
  const upstream = new RawUpstream();
  const instances = await Promise.all(
    ['stable', 'gray'].map(async (lane) => {
      const port = await upstream.listen(lane);
      const id = `127.0.0.1:${port}`;
      return {
        id,
        service: 'shop',
        host: '127.0.0.1',
        port,
        lane,
        weight: 1,
        zone: '',
        state: 'ready',
        metadata: {},
      } as const;
    }),
  );
  let records: ExchangeRecord[] = [];
  const gateway: Gateway = createGateway({
    registry: memoryRegistry(instances),
    policy: memoryPolicy(POLICY),
    routes: [{ service: 'shop' }],
    upstream: httpUpstream(),
    onExchange: (record) => records.push(record),
  });
  const { port } = await gateway.listen(0);
  return {
    port,
    upstream,
    accepted() {
      const picked = records.filter(({ pick, target }) => pick !== undefined && !target.startsWith('/probe/'));
      records = [];
      return picked.length;
    },
    async close() {
      await gateway.close({ graceMs: 0 });
      await upstream.close();
    },
  };
}
