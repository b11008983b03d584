import type { Value } from '@graylane/core';
import type { PlaceHeaders } from './geo.ts';

/** Where places come from, as the configuration has it. */
export interface GeoConfig {
  /** The path of a database in the MaxMind format. */
  readonly file?: string;
  /** Of the cities' names in it. Default `en`. */
  readonly language: string;
  /** Headers in which a trusted proxy says the place; what they lack is looked up in the file. */
  readonly headers: PlaceHeaders;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/;

/** Reads where places come from. */
export function readGeoConfig(value: Value): GeoConfig | undefined {
  const fields = value.fields(['file', 'language', 'headers']);
  if (!fields) return undefined;
  if (!fields.file && !fields.headers) return value.fail('needs a file, headers or both');
  const file = fields.file?.text();
  const language = fields.language?.text({ max: 20 }) ?? 'en';
  return { language, headers: readHeaders(fields.headers), ...(file !== undefined && { file }) };
}

function readHeaders(value: Value | undefined): PlaceHeaders {
  const fields = value?.fields(['country', 'region', 'city']) ?? {};
  const names = Object.entries(fields).flatMap(([part, field]) => {
    const name = field.text({ max: 100 });
    if (name !== undefined && !HEADER_NAME.test(name)) field.fail(`"${name}" is no header name`);
    return name === undefined ? [] : [[part, name.toLowerCase()]];
  });
  return Object.fromEntries(names);
}
