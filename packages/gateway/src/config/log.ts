import type { Value } from '@graylane/core';

/** What an access log keeps. */
export interface LogConfig {
  /** The share of requests that are logged, 0 to 1; those that went wrong are logged always. Default 1. */
  readonly sample: number;
  /** Headers that are kept, by names in lower case. Default none: they hold secrets. */
  readonly headers: readonly string[];
  /** Cookies that are kept, by name. Default none. */
  readonly cookies: readonly string[];
}

const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/;

/** Reads what an access log keeps. */
export function readLog(value: Value | undefined): LogConfig {
  const fields = value?.fields(['sample', 'headers', 'cookies']);
  return {
    sample: fields?.sample?.number({ min: 0, max: 1 }) ?? 1,
    headers: readNames(fields?.headers).map((name) => name.toLowerCase()),
    cookies: readNames(fields?.cookies),
  };
}

function readNames(value: Value | undefined): readonly string[] {
  const names = value?.list()?.map((item) => {
    const name = item.text();
    return name === undefined || TOKEN.test(name) ? name : item.fail(`"${name}" is no name`);
  });
  return names?.filter((name) => name !== undefined) ?? [];
}
