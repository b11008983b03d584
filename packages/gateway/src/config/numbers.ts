import type { Value } from '@graylane/core';

/** The longest time that a timer of Node can be set to: after more, it goes off at once. */
export const MAX_MS: number = 2 ** 31 - 1;

/** Numbers by name, each at least 1; what is not given is as in `defaults`. */
export function readNumbers<Numbers extends { readonly [Name in keyof Numbers]: number }>(
  value: Value | undefined,
  defaults: Numbers,
): Numbers {
  const names = Object.keys(defaults) as (keyof Numbers & string)[];
  return { ...defaults, ...readGiven<Numbers>(value, names) };
}

/** Those of some numbers that are given, each at least 1; milliseconds, whose names end in `Ms`, within what a timer takes. */
export function readGiven<Numbers>(
  value: Value | undefined,
  names: readonly (keyof Numbers & string)[],
): Partial<Numbers> {
  const fields = value?.fields(names);
  const given = names.flatMap((name) => {
    const max = name.endsWith('Ms') ? MAX_MS : Number.MAX_SAFE_INTEGER;
    const number = fields?.[name]?.number({ min: 1, max, integer: true });
    return number === undefined ? [] : [[name, number] as const];
  });
  return Object.fromEntries(given) as Partial<Numbers>;
}
