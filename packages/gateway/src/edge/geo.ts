import { headerValue, inNetwork, type Network, parseIP, parseNetwork } from '@graylane/core';
import { LRUCache } from 'lru-cache';
import { type Response as MmdbRecord, Reader } from 'mmdb-lib';
import { type LiveFile, type LiveFileOptions, liveFile } from './live-file.ts';

/** What is known of a place: `country` (ISO 3166-1), `region` (ISO 3166-2 without the country) and `city`. */
export type Place = Readonly<Partial<Record<PlacePart, string>>>;

/** A part of a place. */
export type PlacePart = 'country' | 'region' | 'city';

/** Which headers say where a request comes from, by names in lower case. Only those of a trusted proxy are believed. */
export type PlaceHeaders = Readonly<Partial<Record<PlacePart, string>>>;

/** Finds places by address. Never throws. */
export type FindPlace = (ip: string) => Place;

const PARTS: readonly PlacePart[] = ['country', 'region', 'city'];
const NOWHERE: Place = {};
const REMEMBERED = 5_000;

/** Networks that are in no country (IANA's special-purpose address registries). */
const PRIVATE: readonly Network[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['224.0.0.0/3', '::/127', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
].map((text) => parseNetwork(text) as Network);

/**
 * Follows a database of places in the MaxMind format (https://maxmind.github.io/MaxMind-DB/): GeoLite2, GeoIP2, DB-IP and
 * others. The reader is mmdb-lib, which `maxmind` is made of: `maxmind` itself also watches the file, but an update that
 * cannot be read there ends the process.
 *
 * @param language of the cities' names; English where there is none
 */
export function geoFile(
  path: string,
  language: string,
  options: LiveFileOptions,
): { readonly find: FindPlace; readonly file: LiveFile<FindPlace> } {
  const file = liveFile(path, (bytes) => placeFinder(bytes, language), options);
  return { find: (ip) => file.current()?.(ip) ?? NOWHERE, file };
}

/** What headers say of a request's place; only for a request that a trusted proxy sent. */
export function placeInHeaders(lines: readonly string[], headers: PlaceHeaders): Place {
  return pickParts((part) => {
    const name = headers[part];
    return name === undefined ? undefined : headerValue(lines, name);
  });
}

/** Header lines without those that say a place: what a client says of its own, nobody behind the gateway should believe either. */
export function withoutPlaceHeaders(lines: readonly string[], headers: PlaceHeaders): readonly string[] {
  const names = new Set(Object.values(headers));
  const isPlace = (at: number): boolean => names.has((lines[at & ~1] as string).toLowerCase());
  return lines.some((_, at) => isPlace(at)) ? lines.filter((_, at) => !isPlace(at)) : lines;
}

/** @throws Error when the bytes are no such database */
function placeFinder(bytes: Buffer, language: string): FindPlace {
  const reader = new Reader<MmdbRecord>(bytes);
  reader.get('192.0.2.1'); // a database that is cut off fails now and not with a request
  const known = new LRUCache<string, Place>({ max: REMEMBERED });
  return (ip) => {
    const found = known.get(ip);
    if (found) return found;
    const place = lookUp(reader, ip, language);
    known.set(ip, place);
    return place;
  };
}

function lookUp(reader: Reader<MmdbRecord>, ip: string, language: string): Place {
  const bytes = parseIP(ip);
  if (!bytes || PRIVATE.some((network) => inNetwork(bytes, network))) return NOWHERE;
  if (bytes.length === 16 && reader.metadata.ipVersion === 4) return NOWHERE;
  try {
    // An IPv4 address in IPv6 form is looked up as what it is.
    return placeOf(reader.get(bytes.length === 4 ? bytes.join('.') : ip), language);
  } catch {
    return NOWHERE;
  }
}

/** The place in a record: as GeoIP2 has it, with names by language, or flat, as others do. */
function placeOf(found: unknown, language: string): Place {
  const record = objectOf(found);
  return pickParts((part) => {
    if (part === 'city') return textOf(record.city, (city) => nameOf(objectOf(city.names), language));
    if (part === 'country') return textOf(record.country_code ?? record.country, ({ iso_code }) => iso_code);
    const [first] = Array.isArray(record.subdivisions) ? record.subdivisions : [];
    return textOf(first ?? record.region, ({ iso_code }) => iso_code);
  });
}

function nameOf(names: Readonly<Record<string, unknown>>, language: string): unknown {
  return names[language] ?? names.en;
}

function textOf(value: unknown, inside: (object: Readonly<Record<string, unknown>>) => unknown): string | undefined {
  const text = typeof value === 'object' ? inside(objectOf(value)) : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function pickParts(read: (part: PlacePart) => string | undefined): Place {
  return Object.fromEntries(
    PARTS.flatMap((part) => {
      const text = read(part);
      return text === undefined || text === '' ? [] : [[part, text]];
    }),
  );
}
