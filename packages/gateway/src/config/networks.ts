import { type Network, parseNetwork, type Value } from '@graylane/core';

/** Networks, as `10.0.0.0/8`; none when nothing is given. */
export function readNetworks(value: Value | undefined): readonly Network[] {
  const networks = value?.list()?.map((item) => {
    const text = item.text();
    return text === undefined ? undefined : (parseNetwork(text) ?? item.fail('is no network: write 10.0.0.0/8'));
  });
  return networks?.filter((network) => network !== undefined) ?? [];
}
