import { parseFact, type Value } from '@graylane/core';
import { type KeySource, readKeySource } from './key-source.ts';
import type { TokenPlace } from './token.ts';

/** How tokens are verified, as the configuration has it. */
export interface TokenConfig {
  readonly keys:
    | { readonly url: string }
    | { readonly file: string }
    /** A secret that the issuer and the gateway share. */
    | { readonly secret: KeySource };
  /** Default: the header Authorization, scheme Bearer. */
  readonly from: readonly TokenPlace[];
  /** Default: all of public keys; with a secret HS256. */
  readonly algorithms: readonly string[];
  /** Default: any. */
  readonly issuers: readonly string[];
  /** Default: any. Name yours where one issuer signs for several. */
  readonly audiences: readonly string[];
  /** Default 30. */
  readonly clockToleranceSeconds: number;
  /** Default 300. */
  readonly rememberSeconds: number;
  /** Whether a request without a valid token is refused. Default false. */
  readonly required: boolean;
  /** How keys are fetched from a URL: default 2,000, 30 and 600. */
  readonly fetch: { readonly timeoutMs: number; readonly cooldownSeconds: number; readonly maxAgeSeconds: number };
}

const PUBLIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
const SHARED = ['HS256', 'HS384', 'HS512'] as const;
const AUTHORIZATION: readonly TokenPlace[] = [{ source: 'header', name: 'authorization' }];
const MAX_SECONDS = 10 * 365 * 24 * 60 * 60;

/** Reads how tokens are verified. */
export function readTokenConfig(value: Value): TokenConfig | undefined {
  const fields = value.fields([
    'keys',
    'from',
    'algorithms',
    'issuer',
    'audience',
    'clockToleranceSeconds',
    'rememberSeconds',
    'required',
    'fetch',
  ]);
  if (!fields) return undefined;
  const keys = readKeys(value.at('keys'));
  const known: readonly string[] = keys && 'secret' in keys ? SHARED : PUBLIC;
  const algorithms = fields.algorithms?.list(1)?.map((item) => item.oneOf(known));
  const timing = fields.fetch?.fields(['timeoutMs', 'cooldownSeconds', 'maxAgeSeconds']);
  const config = {
    from: fields.from ? readPlaces(fields.from) : AUTHORIZATION,
    algorithms: algorithms?.filter((each) => each !== undefined) ?? (known === SHARED ? ['HS256'] : PUBLIC),
    issuers: readTexts(fields.issuer),
    audiences: readTexts(fields.audience),
    clockToleranceSeconds: fields.clockToleranceSeconds?.number({ min: 0, max: 600 }) ?? 30,
    rememberSeconds: fields.rememberSeconds?.number({ min: 0, max: 86_400 }) ?? 300,
    required: fields.required?.boolean() ?? false,
    fetch: {
      timeoutMs: timing?.timeoutMs?.number({ min: 1, max: 60_000, integer: true }) ?? 2_000,
      cooldownSeconds: timing?.cooldownSeconds?.number({ min: 1, max: MAX_SECONDS }) ?? 30,
      maxAgeSeconds: timing?.maxAgeSeconds?.number({ min: 1, max: MAX_SECONDS }) ?? 600,
    },
  };
  return keys && { keys, ...config };
}

function readKeys(value: Value): TokenConfig['keys'] | undefined {
  const fields = value.fields(['url', 'file', 'secret']);
  if (!fields) return undefined;
  if (Object.keys(fields).length !== 1) return value.fail('needs one of url, file and secret');
  if (fields.url) return readURL(fields.url);
  if (fields.file) {
    const file = fields.file.text();
    return file === undefined ? undefined : { file };
  }
  const secret = fields.secret && readKeySource(fields.secret);
  return secret && { secret };
}

function readURL(value: Value): { readonly url: string } | undefined {
  const text = value.text();
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return value.fail('must begin with https:// or http://');
  return url.username || url.password ? value.fail('must not have credentials') : { url: text };
}

function readPlaces(value: Value): readonly TokenPlace[] {
  const places = value.list(1)?.map((item): TokenPlace | undefined => {
    const text = item.text();
    const fact = text === undefined ? undefined : parseFact(text);
    if (typeof fact === 'string') return item.fail(fact);
    if (fact?.source === 'header' || fact?.source === 'cookie') return { source: fact.source, name: fact.name };
    return fact && item.fail('must be a header or a cookie, as header.authorization or cookie.id_token');
  });
  return places?.filter((place) => place !== undefined) ?? [];
}

/** A text, or a list of them. */
function readTexts(value: Value | undefined): readonly string[] {
  if (!value) return [];
  const texts = Array.isArray(value.raw) ? value.list(1)?.map((item) => item.text()) : [value.text()];
  return texts?.filter((text) => text !== undefined) ?? [];
}
