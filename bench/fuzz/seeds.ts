import { readdirSync, readFileSync } from 'node:fs';
import { toBytes } from '@graylane/core';

const ROOT = new URL('../../', import.meta.url);

/** A case of `spec/vectors`; its README lists what each kind has. */
// biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
export type Vector = any;

/** All cases of some kinds, with what their file says for all of them. */
export function vectors(...kinds: readonly string[]): readonly Vector[] {
  return readdirSync(new URL('spec/vectors/', ROOT))
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(textOf(`spec/vectors/${name}`)))
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap(({ cases, policy, files }) => cases.map((each: object) => ({ policy, files, ...each })));
}

/** A file of the repository. */
export function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** The bytes that a text of a vector stands for. */
export function bytesOf(text: string | { readonly base64: string }): string {
  return typeof text === 'string' ? toBytes(text) : Buffer.from(text.base64, 'base64').toString('latin1');
}

/** The header lines of a vector's request, as pairs. */
export function headersOf({ headers = {} }: Vector): readonly (readonly [name: string, value: string])[] {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return pairs.map(([name, value]) => [name, bytesOf(value)] as const);
}

/** All requests of all vectors. */
export function vectorRequests(): readonly Vector[] {
  return vectors('decide', 'condition').flatMap(({ request, holds = [], fails = [] }) =>
    request ? [request] : [...holds, ...fails],
  );
}

/** All tests on a fact in the conditions of all vectors, with a request that was asked. */
export function vectorTests(): readonly {
  readonly operator: string;
  readonly operand: unknown;
  readonly fact: string;
}[] {
  const found: { operator: string; operand: unknown; fact: string }[] = [];
  JSON.stringify(vectors('decide', 'condition'), (_, value) => {
    if (typeof value?.fact !== 'string') return value;
    for (const [operator, operand] of Object.entries(value))
      if (operator !== 'fact' && operator !== 'ignoreCase') found.push({ operator, operand, fact: value.fact });
    return value;
  });
  return found;
}
