import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import type { Instance, Lane } from '@graylane/core';
import { NacosNamingClient } from 'nacos';
import { drawByWeight, instancesOf, lanes } from './instances.ts';
import { awaitedProbe, type Probe } from './probe.ts';

const SERVICE = 'orders';

/**
 * Nacos's client picks none, and knows no lanes: its user takes the healthy instances that it selects, keeps those whose
 * metadata name the lane, and draws one. The client has its list from its own HTTP client, which we hand it and which asks
 * nobody; all after that, cache included, is its own.
 */
export async function nacosPick(size: number): Promise<Probe> {
  const answer = { status: 200, data: serviceOf(instancesOf(size)) };
  const options = {
    logger: new Console(new PassThrough().resume()) as typeof console,
    serverList: 'in-process',
    httpclient: { request: async () => answer },
  };
  const client = new NacosNamingClient(options);
  await client.ready();
  return awaitedProbe<Lane>({
    inputs: lanes,
    run: async (lane) => {
      const healthy = await client.selectInstances(SERVICE);
      return drawByWeight(healthy.filter(({ metadata }) => metadata.lane === lane));
    },
    isRight: (picked) => (picked as { metadata: { lane: string } } | undefined)?.metadata.lane === 'gray',
  });
}

/** A service as Nacos's server sends it. */
function serviceOf(instances: readonly Instance[]): string {
  return JSON.stringify({
    name: `DEFAULT_GROUP@@${SERVICE}`,
    groupName: 'DEFAULT_GROUP',
    clusters: '',
    cacheMillis: 3_600_000,
    hosts: instances.map(({ id, host, port, weight, state, metadata }) => ({
      instanceId: id,
      ip: host,
      port,
      weight,
      healthy: state === 'ready',
      enabled: true,
      ephemeral: true,
      clusterName: 'DEFAULT',
      serviceName: `DEFAULT_GROUP@@${SERVICE}`,
      metadata,
    })),
  });
}
