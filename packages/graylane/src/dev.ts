import type { AddressInfo } from 'node:net';
import { authorityOf, type CompiledPolicy } from '@graylane/core';
import { createGateway, type Gateway, type GatewayOptions } from '@graylane/gateway';
import { filePolicy } from '@graylane/sources/file';
import { httpRegistry } from '@graylane/sources/http';
import {
  createRegistryServer,
  type RegistryServer,
  type RegistryServerOptions,
} from '@graylane/sources/registry-server';

/** What to start. */
export interface DevOptions extends Pick<GatewayOptions, 'routes' | 'onExchange' | 'trust' | 'picks'> {
  /** The policy's file. It is read again whenever it changes. */
  readonly policy: string;
  /** Where both listen. Default 127.0.0.1. */
  readonly host?: string;
  /** The gateway's port; 0 takes a free one. Default 8080. */
  readonly port?: number;
  /** The registry's port; 0 takes a free one. Default 8700. */
  readonly registryPort?: number;
  /** Options of the registry, such as the instances' time to live. */
  readonly registry?: RegistryServerOptions;
  /** Called with each policy that comes into force, the first one too. */
  readonly onPolicy?: (policy: CompiledPolicy) => void;
  /** Called with what goes wrong meanwhile, a policy that is refused for instance. */
  readonly onError?: (error: Error) => void;
}

/** A gateway and a registry that run. */
export interface Dev {
  readonly gateway: Gateway;
  readonly registry: RegistryServer;
  /** `http://127.0.0.1:8080` */
  readonly gatewayURL: string;
  /** `http://127.0.0.1:8700` */
  readonly registryURL: string;
  close(): Promise<void>;
}

/**
 * Starts an embedded registry and a gateway that follows a policy file: all that a few services need to try lanes.
 *
 * @throws GraylaneError `GL_POLICY_INVALID` or `GL_POLICY_UNAVAILABLE`, at once, when there is no good policy
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const { host = '127.0.0.1', port = 8080, registryPort = 8700, routes, onExchange, trust, picks } = options;
  const { onPolicy = () => {}, onError = () => {} } = options;
  const registry = createRegistryServer(options.registry);
  const registryURL = await registry.listen({ port: registryPort, host });
  const failing = Promise.withResolvers<never>();
  let report: (error: Error) => void = failing.reject;
  const policy = filePolicy({ path: options.policy, onError: (error) => report(error) });
  policy.subscribe(onPolicy);
  const gateway = createGateway({
    registry: httpRegistry({ url: registryURL, onError }),
    policy,
    ...(routes && { routes }),
    ...(onExchange && { onExchange }),
    ...(trust && { trust }),
    ...(picks && { picks }),
  });
  const close = async (): Promise<void> => {
    await gateway.close({ graceMs: 5_000 });
    await registry.close();
  };
  try {
    const address = await Promise.race([gateway.listen(port, host), failing.promise]);
    report = onError;
    return { gateway, registry, gatewayURL: urlOf(address), registryURL, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${authorityOf({ host: address, port })}`;
}
