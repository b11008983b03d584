import { type Network, parseNetwork, type Value } from '@graylane/core';

/** Networks, as `10.0.0.0/8`, at least `min` of them; none when nothing is given. */
export function readNetworks(value: Value | undefined, min = 0): readonly Network[] {
  const networks = value?.list(min)?.map((item) => {
    const text = item.text();
    return text === undefined ? undefined : (parseNetwork(text) ?? item.fail('is no network: write 10.0.0.0/8'));
  });
  return networks?.filter((network) => network !== undefined) ?? [];
}
